import CPlatform
import ControlPlane
import Foundation
import Synchronization
import TradingModel

/// The thread that owns the database and the journal tails, so that supervision never waits for either.
///
/// The supervisor's loop hands it writes; it hands over what people changed. Neither waits for the other: when the
/// database is locked, full or gone, writes keep their order in the mailbox and are tried again.
final class StoreThread: Sendable {
    /// What the thread tells the supervisor.
    enum Event: Sendable {
        /// All strategies, feeds and instruments as they are stored now, and commands that were accepted: their
        /// effects on desired state and configuration are stored already. Sent when anything may have changed.
        case changes(Configuration, [AcceptedCommand])
        /// Accepted commands that need nothing of what may have changed besides.
        case commands([AcceptedCommand])
        /// A journal cannot be read on.
        case journalCorrupt(strategyID: String, problem: String)
        /// The database cannot be used at the moment, or can be used again (`nil`).
        case trouble(String?)
    }

    /// All that people configure, as it is stored.
    struct Configuration: Sendable {
        var strategies: [StrategyRow]
        var feeds: [FeedRow]
        var instruments: [Instrument]
        var settings: Settings
        /// What may be traded where it is not everything, by strategy id or `ControlStore.allStrategies`.
        var tradingStates: [String: TradingStateRow]
        /// When trading was last resumed, by the same scopes; only where there are strategies that are new to this thread.
        var tradingResumedAt: [String: Timestamp]
        /// The highest epoch ever used, by strategy id, of strategies that are new to this thread.
        var lastEpochs: [String: UInt32]
    }

    /// A write that waits for its turn.
    struct Write: Sendable {
        /// What it is, for messages.
        var label: String
        /// May be given up when too much is waiting: samples that the next ones replace.
        var isDroppable = false
        /// What it is about, where a later write about the same makes it superfluous when too much is waiting.
        var subject: String?
        var body: @Sendable (ControlStore) throws -> Void
    }

    private struct Mailbox {
        var writes: [Write] = []
        var droppedCount = 0
        /// The number of writes from which on it is worth looking again for superfluous ones.
        var coalesceAt = 0
        /// Journals to follow from an epoch on, or to let go (`nil`).
        var tails: [(id: String, epoch: UInt32?)] = []
        var isNudged = false
        var isStopping = false
    }

    /// Leaves of the writes about one subject only the newest; the number of those that were given up.
    static func coalesce(_ writes: inout [Write]) -> Int {
        var seen: Set<String> = []
        let before = writes.count
        let kept = writes.reversed().filter { write in
            guard !write.isDroppable else { return false }
            return write.subject.map { seen.insert($0).inserted } ?? true
        }
        writes = kept.reversed()
        return before - writes.count
    }

    private let store: ControlStore
    private let watcher: ChangeWatcher
    private let home: HomeDirectory
    private let leftOver: [CommandRow]
    private let veto: @Sendable (CommandRow, StrategyRow) -> String?
    private let deliver: @Sendable (Event) -> Void
    private let mailbox = Mutex(Mailbox())
    private let ended = DispatchSemaphore(value: 0)

    /// Makes the thread; `start` begins it. `veto` says why a command cannot be accepted; `deliver` is called on
    /// the thread and must only hand over.
    init(
        store: ControlStore, home: HomeDirectory, leftOver: [CommandRow],
        veto: @escaping @Sendable (CommandRow, StrategyRow) -> String?,
        deliver: @escaping @Sendable (Event) -> Void
    ) throws {
        self.store = store
        self.home = home
        self.leftOver = leftOver
        self.veto = veto
        self.deliver = deliver
        watcher = try ChangeWatcher(store)
    }

    func start() {
        let thread = Thread { [self] in
            // The watcher looks for a commit every 100 us after an event; the default slack doubles that.
            cplatform_set_exact_timers()
            var state = StoreThreadState(store: store, home: home)
            run(&state)
            ended.signal()
        }
        thread.name = "store"
        thread.start()
    }

    /// Queues a write; any thread.
    ///
    /// While the database is gone, at most `Limits.storeWritesMax` wait, and those that are needed: at the bound samples
    /// are given up, and of all changes of one `subject`'s state only the last is kept. The journals have everything
    /// that trading did.
    func enqueue(
        _ label: String, isDroppable: Bool = false, subject: String? = nil,
        _ body: @escaping @Sendable (ControlStore) throws -> Void
    ) {
        mailbox.withLock { mailbox in
            if mailbox.writes.count >= max(Limits.storeWritesMax, mailbox.coalesceAt) {
                mailbox.droppedCount += Self.coalesce(&mailbox.writes)
                // So that what cannot be coalesced is not looked through again for every further write.
                mailbox.coalesceAt = mailbox.writes.count + Limits.storeWritesMax / 2
            }
            mailbox.writes.append(
                Write(label: label, isDroppable: isDroppable, subject: subject, body: body))
        }
        watcher.wake()
    }

    /// Begins to follow a strategy's journal, or with `nil` copies it to its end and lets go of it; any thread.
    func follow(_ strategyID: String, epoch: UInt32?) {
        mailbox.withLock { $0.tails.append((strategyID, epoch)) }
        watcher.wake()
    }

    /// Makes the thread look for commands at once; any thread.
    func nudge() {
        mailbox.withLock { $0.isNudged = true }
        watcher.wake()
    }

    /// Does everything that is queued, reads all journals to their ends, and ends the thread; waits for it.
    func stop() {
        mailbox.withLock { $0.isStopping = true }
        watcher.wake()
        ended.wait()
    }

    // MARK: - The thread

    private func run(_ state: inout StoreThreadState) {
        while true {
            let reason = watcher.wait(until: state.nextDeadline)
            let taken = mailbox.withLock { mailbox in
                let taken = mailbox
                mailbox.writes.removeAll()
                mailbox.tails.removeAll()
                mailbox.isNudged = false
                mailbox.droppedCount = 0
                mailbox.coalesceAt = 0
                return taken
            }
            for tail in taken.tails {
                if let epoch = tail.epoch {
                    state.follow(tail.id, epoch: epoch)
                } else {
                    state.letGo(tail.id)
                }
            }
            state.hasTrouble = false
            if reason == .changed { state.othersWrote = true }
            let isUsable = checkDatabase(&state)
            let rest = isUsable ? perform(taken.writes, &state) : taken.writes
            if taken.droppedCount > 0 {
                deliver(
                    .trouble(
                        "\(taken.droppedCount) samples and older states were dropped, because too many writes wait"
                    ))
            }
            if !rest.isEmpty { mailbox.withLock { $0.writes.insert(contentsOf: rest, at: 0) } }
            if reason == .changed || taken.isNudged || state.mustLook {
                if isUsable { look(&state) } else { state.mustLook = true }
            }
            // Not before all earlier writes: an entry may belong to an instance row that still waits.
            if isUsable, rest.isEmpty {
                state.ingestDue(isEverything: taken.isStopping, wake: { [watcher] in watcher.wake() }) {
                    deliver($0)
                }
            }
            if isUsable { state.checkpointDue() }
            if !state.hasTrouble, state.toldTrouble != nil {
                state.toldTrouble = nil
                deliver(.trouble(nil))
            }
            if taken.isStopping {
                // One more attempt was made above; what a locked database refuses now waits in the journals.
                return
            }
        }
    }

    /// Whether the file is still the one that was opened. What is written to one without a name would be lost.
    private func checkDatabase(_ state: inout StoreThreadState) -> Bool {
        do {
            try state.checkDatabase()
            return true
        } catch {
            tell("strategies run on, results wait in the journals: \(error)", &state)
            return false
        }
    }

    /// Performs writes in order and in one transaction; returns them all when they must be tried again.
    private func perform(_ writes: [Write], _ state: inout StoreThreadState) -> [Write] {
        guard !writes.isEmpty else { return [] }
        var refusals: [String] = []
        do {
            try store.grouped(isSynced: false) {
                for write in writes {
                    do {
                        try write.body(store)
                    } catch let error as ControlError where error.isAboutDatabase {
                        throw error
                    } catch {
                        // A write that can never succeed (its strategy was deleted) must not block the others.
                        refusals.append("\(write.label) was refused: \(error)")
                    }
                }
            }
        } catch {
            tell("results wait in the journals: \(error)", &state)
            return writes
        }
        for refusal in refusals { deliver(.trouble(refusal)) }
        return []
    }

    /// Accepts commands and reads the configuration.
    private func look(_ state: inout StoreThreadState) {
        do {
            state.undelivered += try store.acceptPending(now: WallClock.now, veto: veto)
            if !state.isFirstLook, state.canGoAhead(state.undelivered) {
                deliver(.commands(state.undelivered))
                state.undelivered = []
            }
            let configuration = try state.configuration()
            // Our own commit wakes nobody: look again when one transaction could not take them all.
            state.mustLook = try store.hasPendingCommands()
            if state.isFirstLook {
                state.isFirstLook = false
                let open = leftOver.map {
                    AcceptedCommand(leftOver: $0, strategies: configuration.strategies)
                }
                state.undelivered = open + state.undelivered
            }
            deliver(.changes(configuration, state.undelivered))
            state.undelivered = []
        } catch {
            state.mustLook = true
            tell("commands wait: \(error)", &state)
        }
    }

    /// Says once what is wrong, and once when it is over.
    private func tell(_ trouble: String, _ state: inout StoreThreadState) {
        state.hasTrouble = true
        guard state.toldTrouble != trouble else { return }
        state.toldTrouble = trouble
        deliver(.trouble(trouble))
    }
}

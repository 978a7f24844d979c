import ControlPlane
import TradingModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What the store thread keeps between its rounds: journal tails and when to do what.
struct StoreThreadState {
    private let store: ControlStore
    private let home: HomeDirectory
    private var tails: [String: JournalTail] = [:]
    /// Tails that are let go once they have been read to their ends.
    private var ending: Set<String> = []
    private var lastIngestion = ContinuousClock.now
    private var lastCheckpoint = ContinuousClock.now
    private var lastRetention = ContinuousClock.now
    private var retentionCount = 0
    private var lastVersionCheck = ContinuousClock.now
    /// The metrics row up to which older ones have been thinned.
    private var lastThinned: Int64 = 0
    private var knownStrategies: Set<String> = []
    private typealias ReadStep = (strategyID: String, step: JournalTail.Step)
    private let syncThread = JournalSyncThread()
    /// What was read and is being synced, to be stored then.
    private var readSteps: [ReadStep] = []
    /// Where the next round of ingestion begins, so that a busy journal cannot keep the others waiting.
    private var firstTail = 0
    /// Commands that were accepted and not handed over yet.
    var undelivered: [AcceptedCommand] = []
    /// Until the configuration was read for the first time.
    var isFirstLook = true
    /// Set when the configuration must be read whether or not anybody committed.
    var mustLook = true
    /// Set when another process has committed since the last checkpoint was thought of.
    var othersWrote = true
    /// Set while something has to be tried again.
    var hasTrouble = false
    /// What the operator was told of it.
    var toldTrouble: String?

    init(store: ControlStore, home: HomeDirectory) {
        self.store = store
        self.home = home
    }

    /// When the thread must run again although nothing happens.
    var nextDeadline: ContinuousClock.Instant {
        if isFirstLook, !hasTrouble { return ContinuousClock.now }
        // The end of a sync wakes the thread.
        if syncThread.isBusy { return ContinuousClock.now + Limits.storeRetryInterval }
        return hasTrouble || mustLook
            ? ContinuousClock.now + Limits.storeRetryInterval : lastIngestion + Limits.ingestionInterval
    }

    /// Begins to read a journal at the database's cursor, at `place` when the database cannot be read. Without either at
    /// its beginning: what was stored before is recognised and left out.
    private mutating func reopen(
        _ strategyID: String, expectedEpoch: UInt32, or place: JournalTail.Place = JournalTail.Place()
    ) {
        let expectedEpoch = max(expectedEpoch, tails[strategyID]?.expectedEpoch ?? 0)
        tails[strategyID]?.finish()
        var place = place
        if let cursor = try? store.journalCursor(strategyID) {
            place = JournalTail.Place(epoch: cursor.fileNumber, offset: Int(cursor.offset))
        }
        tails[strategyID] = JournalTail(
            directory: home.journalDirectory(strategyID: strategyID), epoch: place.epoch,
            offset: place.offset,
            expectedEpoch: expectedEpoch)
    }

    /// All that people configure, with the epochs of strategies that are new here.
    mutating func configuration() throws -> StoreThread.Configuration {
        let strategies = try store.strategies()
        var lastEpochs: [String: UInt32] = [:]
        for strategy in strategies where !knownStrategies.contains(strategy.id) {
            let journals = JournalFiles.epochs(in: home.journalDirectory(strategyID: strategy.id))
            lastEpochs[strategy.id] = max(
                try store.nextEpoch(strategyID: strategy.id) - 1, journals.last ?? 0)
            // What an earlier manager did not copy any more; a start takes the tail over.
            if tails[strategy.id] == nil, let last = journals.last {
                follow(strategy.id, epoch: last)
                letGo(strategy.id)
            }
        }
        knownStrategies = Set(strategies.map(\.id))
        return StoreThread.Configuration(
            strategies: strategies, feeds: try store.feeds(), instruments: try store.instruments(),
            settings: try store.settings(), tradingStates: try store.tradingStates(),
            tradingResumedAt: lastEpochs.isEmpty ? [:] : try store.tradingResumptions(),
            lastEpochs: lastEpochs)
    }

    /// Checks the file each time, the schema's version once a second.
    mutating func checkDatabase() throws(ControlError) {
        try store.checkFile()
        let now = ContinuousClock.now
        guard now - lastVersionCheck >= Limits.versionCheckInterval else { return }
        try store.checkSchemaVersion()
        lastVersionCheck = now
    }

    /// Whether commands can be carried out before the configuration is read: they start nothing, and the strategies are
    /// known. Reading it first would be a good part of the time a pause takes.
    func canGoAhead(_ commands: [AcceptedCommand]) -> Bool {
        !commands.isEmpty
            && commands.allSatisfy { accepted in
                let startsNothing = accepted.command.kind != .start && accepted.command.kind != .restart
                return startsNothing && accepted.targets.allSatisfy { knownStrategies.contains($0.id) }
            }
    }

    /// Begins to copy the journal of a process that was started.
    mutating func follow(_ strategyID: String, epoch: UInt32) {
        ending.remove(strategyID)
        // Somebody may have mended or moved a file that could not be read.
        if tails[strategyID]?.isCorrupt != false { reopen(strategyID, expectedEpoch: epoch) }
        tails[strategyID]?.expect(epoch: epoch)
    }

    /// Copies a journal to its end and forgets it.
    mutating func letGo(_ strategyID: String) {
        ending.insert(strategyID)
        lastIngestion = ContinuousClock.now - Limits.ingestionInterval
    }

    /// Copies what the journals gained into the database, when it is time to: all of it in one transaction, and only
    /// what is on the disk, so that the database never knows more than a journal after a power failure.
    mutating func ingestDue(
        isEverything: Bool, wake: @escaping @Sendable () -> Void, deliver: (StoreThread.Event) -> Void
    ) {
        if isEverything { return ingestEverything(deliver) }
        if syncThread.isBusy { return }
        if let failure = syncThread.takeResult() {
            guard storeRead(failure, deliver) else { return }
        } else {
            guard ContinuousClock.now - lastIngestion >= Limits.ingestionInterval else { return }
        }
        lastIngestion = ContinuousClock.now
        // Read before the lock is taken, so that it is held for the writing only.
        let (steps, isMore) = nextSteps()
        readSteps = steps
        if isMore {
            // One transaction a round: commands and statuses have their turn in between.
            lastIngestion -= Limits.ingestionInterval
        } else {
            endTails()
        }
        if !steps.isEmpty { syncThread.begin(descriptors(of: steps), ended: wake) }
    }

    /// The same to the end of all journals, waiting for the disk.
    private mutating func ingestEverything(_ deliver: (StoreThread.Event) -> Void) {
        while true {
            syncThread.wait()
            if let failure = syncThread.takeResult(), !storeRead(failure, deliver) { return }
            let (steps, _) = nextSteps()
            guard !steps.isEmpty else { return endTails() }
            readSteps = steps
            syncThread.begin(descriptors(of: steps)) {}
        }
    }

    private mutating func endTails() {
        for strategyID in ending {
            tails[strategyID]?.finish()
            tails[strategyID] = nil
        }
        ending.removeAll()
    }

    private func descriptors(of steps: [ReadStep]) -> [Int32] {
        steps.compactMap { tails[$0.strategyID]?.duplicateDescriptor() }.filter { $0 >= 0 }
    }

    /// Stores what was read, now that it is on the disk.
    private mutating func storeRead(_ failure: Int32, _ deliver: (StoreThread.Event) -> Void) -> Bool {
        let steps = readSteps
        readSteps = []
        guard failure == 0 else {
            readAgain(steps)
            hasTrouble = true
            tell("a journal cannot be synced to the disk: \(String(cString: strerror(failure)))", deliver)
            return false
        }
        return store(steps, deliver)
    }

    /// After a failure all tails begin again from the cursors of the database.
    private mutating func readAgain(_ steps: [ReadStep]) {
        for (strategyID, step) in steps {
            reopen(strategyID, expectedEpoch: step.cursor.fileNumber, or: step.start)
        }
    }

    private mutating func tell(_ trouble: String, _ deliver: (StoreThread.Event) -> Void) {
        guard toldTrouble == nil else { return }
        toldTrouble = trouble
        deliver(.trouble("results wait in the journals: \(trouble)"))
    }

    /// The next piece of every journal, up to a bound; whether there may be more.
    private mutating func nextSteps() -> (steps: [ReadStep], isMore: Bool) {
        let ids = tails.keys.sorted()
        var steps: [ReadStep] = []
        var entryCount = 0
        for position in ids.indices {
            let strategyID = ids[(firstTail + position) % ids.count]
            guard let step = tails[strategyID]?.next() else { continue }
            entryCount += step.entries.count
            steps.append((strategyID, step))
            if entryCount >= Limits.ingestionEntriesMax {
                firstTail = (firstTail + position + 1) % ids.count
                return (steps, true)
            }
        }
        // A full piece has a successor, and a finished file may have a newer one behind it.
        return (steps, steps.contains { $0.step.isFull } || (!steps.isEmpty && !ending.isEmpty))
    }

    /// Stores what was read.
    private mutating func store(_ steps: [ReadStep], _ deliver: (StoreThread.Event) -> Void) -> Bool {
        guard !steps.isEmpty else { return true }
        do {
            try store.grouped {
                for (strategyID, step) in steps {
                    do {
                        try store.ingest(strategyID: strategyID, entries: step.entries, cursor: step.cursor)
                    } catch let error as ControlError where error.isAboutDatabase {
                        throw error
                    } catch {
                        deliver(.trouble("the journal of \(strategyID) cannot be stored: \(error)"))
                    }
                }
            }
        } catch {
            readAgain(steps)
            hasTrouble = true
            tell("\(error)", deliver)
            return false
        }
        for (strategyID, step) in steps {
            if let problem = step.problem {
                deliver(.journalCorrupt(strategyID: strategyID, problem: problem))
            }
        }
        return true
    }

    mutating func checkpointDue() {
        let now = ContinuousClock.now
        if now - lastCheckpoint >= Limits.checkpointInterval {
            // What cannot be done now is done next time; nothing depends on it but the size of the files.
            let done = (try? store.checkpointIfNeeded(othersWrote: othersWrote)) ?? nil
            othersWrote = false
            // After a complete one the next is due as soon as the log has grown again.
            if done?.walPageCount != done?.copiedPageCount { lastCheckpoint = now }
        }
        retentionDue(now)
    }

    /// Deletes what is older than the settings say, bit by bit.
    private mutating func retentionDue(_ now: ContinuousClock.Instant) {
        guard now - lastRetention >= Limits.retentionInterval else { return }
        lastRetention = now
        let time = WallClock.now
        // What cannot be deleted now is deleted next time.
        guard let settings = try? store.settings() else { return }
        retentionCount += 1
        for table in ControlStore.RetainedTable.allCases {
            // Finding old commands and instances takes a look at all of them.
            let isLong = table == .commands || table == .instances || table == .incidents
            if isLong, retentionCount % Limits.retentionsPerLongOne != 1 { continue }
            _ = try? store.deleteOldRows(from: table, before: settings.oldest(table, now: time))
        }
        let thinned = try? store.thinMetrics(after: lastThinned, before: settings.denseSince(now: time))
        lastThinned = thinned?.next ?? lastThinned
    }
}

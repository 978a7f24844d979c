import ControlPlane

/// What the store thread keeps between its rounds: journal tails and when to do what.
struct StoreThreadState {
    private let store: ControlStore
    private let home: HomeDirectory
    private var tails: [String: JournalTail] = [:]
    /// Tails that are let go once they have been read to their ends.
    private var ending: Set<String> = []
    private var lastIngestion = ContinuousClock.now
    private var lastCheckpoint = ContinuousClock.now
    private var knownStrategies: Set<String> = []
    /// Until the configuration was read for the first time.
    var isFirstLook = true
    /// Set when the configuration must be read whether or not anybody committed.
    var mustLook = true
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
        hasTrouble || mustLook
            ? ContinuousClock.now + Limits.storeRetryInterval : lastIngestion + Limits.ingestionInterval
    }

    /// All that people configure, with the epochs of strategies that are new here.
    mutating func configuration() throws -> StoreThread.Configuration {
        let strategies = try store.strategies()
        var lastEpochs: [String: UInt32] = [:]
        for strategy in strategies where !knownStrategies.contains(strategy.id) {
            let journals = JournalFiles.epochs(in: home.journalDirectory(strategyID: strategy.id))
            lastEpochs[strategy.id] = max(
                try store.nextEpoch(strategyID: strategy.id) - 1, journals.last ?? 0)
        }
        for strategy in strategies { knownStrategies.insert(strategy.id) }
        return StoreThread.Configuration(
            strategies: strategies, feeds: try store.feeds(), instruments: try store.instruments(),
            lastEpochs: lastEpochs)
    }

    mutating func follow(_ strategyID: String, _ isFollowed: Bool) {
        if isFollowed {
            ending.remove(strategyID)
            guard tails[strategyID] == nil else { return }
            let cursor = (try? store.journalCursor(strategyID)) ?? nil
            tails[strategyID] = JournalTail(
                directory: home.journalDirectory(strategyID: strategyID), epoch: cursor?.fileNumber ?? 0,
                offset: cursor.map { Int($0.offset) } ?? 0)
        } else {
            ending.insert(strategyID)
            lastIngestion = ContinuousClock.now - Limits.ingestionInterval
        }
    }

    /// Copies what the journals gained into the database, when it is time to.
    mutating func ingestDue(isEverything: Bool, deliver: (StoreThread.Event) -> Void) {
        let now = ContinuousClock.now
        guard isEverything || now - lastIngestion >= Limits.ingestionInterval else { return }
        lastIngestion = now
        for strategyID in tails.keys.sorted() { ingest(strategyID, deliver) }
    }

    private mutating func ingest(_ strategyID: String, _ deliver: (StoreThread.Event) -> Void) {
        guard var tail = tails[strategyID] else { return }
        while let step = tail.next() {
            do {
                try store.ingest(
                    strategyID: strategyID, entries: step.entries,
                    cursor: step.cursor)
            } catch {
                // Begin again from the cursor of the database, which did not move.
                tail.finish()
                tails[strategyID] = nil
                follow(strategyID, true)
                hasTrouble = true
                return deliver(.trouble("the journal of \(strategyID) waits: \(error)"))
            }
            if let problem = step.problem {
                deliver(.journalCorrupt(strategyID: strategyID, problem: problem))
            }
        }
        if ending.remove(strategyID) != nil {
            tail.finish()
            tails[strategyID] = nil
        } else {
            tails[strategyID] = tail
        }
    }

    mutating func checkpointDue() {
        let now = ContinuousClock.now
        guard now - lastCheckpoint >= Limits.checkpointInterval else { return }
        lastCheckpoint = now
        // A checkpoint that cannot be made now is made next time; nothing depends on it but the log's size.
        _ = try? store.checkpointIfNeeded()
    }
}

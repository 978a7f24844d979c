import TradingEngine
package import TradingModel

/// A session with those that it carries on: what one process began and, after its crash, others went on with.
package struct SessionChain {
    /// Oldest first.
    package let epochs: [UInt32]
    /// What the journals say, as if one process had written it: the checkpoint of the first one only.
    package let entries: [JournalEntry]
    /// Whether the last process ended in order.
    package var isEnded: Bool {
        entries.contains { if case .sessionEnded = $0.record { true } else { false } }
    }

    /// Reads the journals of the session that ends with an epoch.
    ///
    /// Throws `journal` when a file cannot be read, and `configuration` when one is damaged.
    package init(directory: String, last epoch: UInt32) throws(ExecutionError) {
        var epochs: [UInt32] = []
        var entries: [JournalEntry] = []
        var next: UInt32? = epoch
        while let epoch = next, epochs.count < Limits.journalFilesReadMax {
            let scan = try JournalRecovery.whole(directory: directory, epoch: epoch)
            next = scan.lazy.compactMap(Self.predecessor).first
            epochs.insert(epoch, at: 0)
            entries = (next == nil ? scan : scan.filter(Self.isOwn)) + entries
        }
        self.epochs = epochs
        self.entries = entries
    }

    /// The newest session with a checkpoint; `nil` when the strategy never ran.
    static func newest(directory: String) throws(ExecutionError) -> SessionChain? {
        for epoch in JournalRecovery.epochs(in: directory).suffix(Limits.journalFilesReadMax).reversed() {
            let chain = try SessionChain(directory: directory, last: epoch)
            if chain.checkpoint != nil { return chain }
        }
        return nil
    }

    /// The state it began with.
    package var checkpoint: EngineSnapshot? {
        for entry in entries {
            if case .checkpoint(let snapshot) = entry.record { return snapshot }
        }
        return nil
    }

    /// What it went by besides its records.
    package var inputs: [SessionInput] {
        entries.compactMap { if case .input(let input) = $0.record { input } else { nil } }
    }

    /// The order log.
    package var log: [JournalRecord] { entries.map(\.record).filter(\.isOfOrderLog) }

    private static func predecessor(_ entry: JournalEntry) -> UInt32? {
        guard case .input(let input) = entry.record, input.kind == .carriesOn else { return nil }
        return UInt32(input.text)
    }

    /// Whether an entry of a session that carries on another one belongs to it alone.
    private static func isOwn(_ entry: JournalEntry) -> Bool {
        switch entry.record {
        case .sessionStarted, .checkpoint: false
        case .input(let input): input.kind != .configuration && input.kind != .limits
        case .parametersChanged: entry.time != .epoch
        default: true
        }
    }
}

extension JournalRecord {
    /// Whether it is an order or something that became of one.
    package var isOfOrderLog: Bool {
        switch self {
        case .orderSubmitted, .orderUpdated, .orderModified, .fill: true
        default: false
        }
    }
}

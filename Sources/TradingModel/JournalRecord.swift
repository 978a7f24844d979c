/// One thing that a strategy did or that happened to it, as its journal keeps it.
public enum JournalRecord: Equatable, Sendable {
    /// The first record of every file.
    case sessionStarted(JournalSession)
    /// The state at the start of the session; recovery needs no older file.
    case checkpoint(EngineSnapshot)
    /// An order, written before it is sent to the venue; status `submitted`, or `denied` with its reason next, or `held`
    /// for the child of a list. A held order comes again when it is sent.
    case orderSubmitted(Order)
    /// A venue answer or a local decision about an order.
    case orderUpdated(OrderUpdate)
    /// An execution.
    case fill(Fill)
    /// What an order asks for changed at the venue.
    case orderModified(OrderModification)
    /// New parameters are in force; a JSON object of all values.
    case parametersChanged(String)
    /// The strategy's own state.
    case stateSaved(SavedState)
    /// Something from outside besides market data.
    case input(SessionInput)
    /// What may be traded from here on.
    case tradingStateChanged(JournalTradingState)
    /// The last record of a session that ended in order.
    case sessionEnded(JournalSessionEnd)
}

/// What a strategy may trade, and since when.
public struct JournalTradingState: Equatable, Sendable {
    public var state: TradingState
    public var reason: String
    /// Whether a breached limit has halted it, and no operator: nobody but its own process may know then.
    public var isBreach: Bool
    /// By the wall clock, so that it can be compared with an operator's commands.
    public var time: Timestamp

    public init(state: TradingState, reason: String, isBreach: Bool, time: Timestamp) {
        self.state = state
        self.reason = reason
        self.isBreach = isBreach
        self.time = time
    }
}

/// Who writes a journal file.
public struct JournalSession: Equatable, Sendable {
    public var strategyID: String
    public var strategyName: String
    public var className: String
    public var epoch: UInt32
    public var seed: UInt64

    public init(strategyID: String, strategyName: String, className: String, epoch: UInt32, seed: UInt64) {
        self.strategyID = strategyID
        self.strategyName = strategyName
        self.className = className
        self.epoch = epoch
        self.seed = seed
    }
}

/// How a session ended.
public struct JournalSessionEnd: Equatable, Sendable {
    /// An operator's word such as `stopped`.
    public var reason: String
    /// The hash of the session's order log, see `OrderLogHash`.
    public var orderLogHash: UInt64

    public init(reason: String, orderLogHash: UInt64) {
        self.reason = reason
        self.orderLogHash = orderLogHash
    }
}

/// A record with its place: (strategy, epoch, sequence) is unique for ever.
public struct JournalEntry: Equatable, Sendable {
    /// Counts within the epoch, from 1, without gaps.
    public var sequence: UInt64
    public var epoch: UInt32
    /// Engine time.
    public var time: Timestamp
    public var record: JournalRecord

    public init(sequence: UInt64, epoch: UInt32, time: Timestamp, record: JournalRecord) {
        self.sequence = sequence
        self.epoch = epoch
        self.time = time
        self.record = record
    }
}

import GRDB
package import TradingModel

/// A row of `strategy_events`: a change of a strategy's status.
package struct EventRow: Equatable, Sendable {
    /// Counts all events.
    package let id: Int64
    package let strategyID: String
    package let time: Timestamp
    package let fromStatus: StrategyStatus
    package let toStatus: StrategyStatus
    package let reason: String
    /// The process it was about, if there was one.
    package let epoch: UInt32?

    static let columns = "id, strategy_id, time, from_status, to_status, reason, epoch"

    init(_ row: Row) throws {
        id = row[0]
        strategyID = row[1]
        time = row.time(2)
        fromStatus = try row.word(3)
        toStatus = try row.word(4)
        reason = row[5]
        epoch = row[6]
    }
}

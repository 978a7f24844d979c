package import TradingModel

/// Where the engine's journal and log go: the executor writes them to files, the backtest collects.
package protocol EngineOutput {
    /// Whether it takes orders, updates and changes of orders; without, of the order log fills alone are handed to it. Asked
    /// once, when the engine is made.
    var wantsOrderLog: Bool { get }

    /// Takes a record; called before an order goes to the venue and before the strategy hears of an answer.
    mutating func record(_ record: JournalRecord, at time: Timestamp)

    /// Takes a fill, as `record` does; apart from it for those who want fills only and many of them.
    mutating func record(_ fill: Fill, at time: Timestamp)

    /// Takes a line for people.
    mutating func log(_ message: String, at time: Timestamp)
}

extension EngineOutput {
    package var wantsOrderLog: Bool { true }
    package mutating func record(_ fill: Fill, at time: Timestamp) { record(.fill(fill), at: time) }
}

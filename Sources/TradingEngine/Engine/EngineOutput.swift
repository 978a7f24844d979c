package import TradingModel

/// Where the engine's journal and log go: the executor writes them to files, the backtest collects.
package protocol EngineOutput {
    /// Takes a record; called before an order goes to the venue and before the strategy hears of an answer.
    mutating func record(_ record: JournalRecord, at time: Timestamp)

    /// Takes a line for people.
    mutating func log(_ message: String, at time: Timestamp)
}

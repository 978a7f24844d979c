package import TradingEngine
package import TradingModel

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// How much of the data a strategy only watches before it may trade: it sees all records, and its orders are denied
/// (`warming_up`).
package enum WarmUp: Equatable, Sendable {
    /// So many of the records that the backtest begins with.
    case records(Int)
    /// So much time: before `BacktestSettings.from` when that is given, else from the first record on.
    case time(Duration)
}

/// What a backtest runs on.
package struct BacktestSettings: Sendable {
    /// Tick files, merged by receive time; ties go to the file named first.
    package var files: [String]
    /// The strategy's instruments in order; empty means all of the files in their order.
    package var symbols: [String]
    /// Parameters, account settings and limits that differ from their defaults.
    package var parameters: [(name: String, text: String)]
    package var venue: [(name: String, text: String)]
    package var limits: [(name: String, text: String)]
    package var seed: UInt64
    /// Trading begins with the first record received at or after this; `nil` for the first of all.
    package var from: Timestamp?
    /// Records received at or after this are left out.
    package var until: Timestamp?
    package var warmUp: WarmUp?
    /// Days that make a year of returns: 365 for markets that never close, 252 for exchanges.
    package var daysPerYear: Double
    /// Changes the account and its exchange after the settings were read.
    package var adjust: (@Sendable (inout AccountSettings) -> Void)?

    package init(
        files: [String], symbols: [String] = [], parameters: [(name: String, text: String)] = [],
        venue: [(name: String, text: String)] = [], limits: [(name: String, text: String)] = [],
        seed: UInt64 = 0, from: Timestamp? = nil, until: Timestamp? = nil, warmUp: WarmUp? = nil,
        daysPerYear: Double = 365
    ) {
        self.files = files
        self.symbols = symbols
        self.parameters = parameters
        self.venue = venue
        self.limits = limits
        self.seed = seed
        self.from = from
        self.until = until
        self.warmUp = warmUp
        self.daysPerYear = daysPerYear
    }
}

extension BacktestSettings {
    /// The account and its exchange; reads the file of recorded latencies when one is named.
    package func account() throws -> AccountSettings {
        var account = try AccountSettings.readingFiles(inputs: venue, seed: seed)
        adjust?(&account)
        return account
    }
}

/// One strategy of a backtest.
package struct BacktestEntry: Sendable {
    /// What it is called in results; unique within a backtest.
    package var label: String
    package var strategy: any Strategy.Type
    /// Its instruments in order; empty means all of the files in their order.
    package var symbols: [String]
    package var parameters: [(name: String, text: String)]
    package var limits: [(name: String, text: String)]

    package init(
        label: String, strategy: any Strategy.Type, symbols: [String] = [],
        parameters: [(name: String, text: String)] = [], limits: [(name: String, text: String)] = []
    ) {
        self.label = label
        self.strategy = strategy
        self.symbols = symbols
        self.parameters = parameters
        self.limits = limits
    }
}

/// Who watches a backtest: all members may be left out.
package struct BacktestObserver {
    /// Called after each block of records with how many of how many were read.
    package var progress: ((_ done: Int, _ total: Int) -> Void)?
    /// Called with the round trips that closed, by time of exit, then strategy.
    package var onTrades: (([BacktestTrade]) throws -> Void)?
    /// Called with the records of the order logs, by time, then strategy.
    package var onEntries: (([OrderLogEntry]) throws -> Void)?
    /// Called when all records have been processed and handed on, before the strategies are stopped.
    package var willStop: (() -> Void)?

    package init() {}
}

/// A record of a strategy's order log.
package struct OrderLogEntry: Equatable, Sendable {
    /// The index of the strategy in its backtest.
    package var strategy: Int
    package var time: Timestamp
    package var record: JournalRecord
}

extension AccountSettings {
    /// Settings as text; the files of recorded latencies that they name are read.
    static func readingFiles(
        inputs: [(name: String, text: String)], seed: UInt64
    ) throws(ParameterViolations) -> AccountSettings {
        try AccountSettings(inputs: inputs, seed: seed) { path in
            FileManager.default.contents(atPath: path).map { Array($0) }
        }
    }
}

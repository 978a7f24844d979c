import ArgumentParser
import Backtesting
import Monitoring
import StrategyExecution
import TradingEngine
import TradingModel

/// `tradewind backtest CLASS --data FILE...`
struct BacktestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backtest",
        abstract: "Run a strategy over recorded ticks in this process.",
        discussion: """
            The same engine and strategy code as live, on the clock of the records. The order-log hash is a \
            fingerprint of every order and fill: a run through real processes in the lossless class has the same.
            """)

    @OptionGroup var ignored: IgnoredHomeOption

    @Argument(help: "The registered name of the strategy, see 'strategies classes'.")
    var className: String

    @Option(name: .long, parsing: .upToNextOption, help: "Tick files, merged by time.")
    var data: [String]

    @Option(
        name: .long, parsing: .upToNextOption,
        help: "Instruments of the files, in the strategy's order; all of them when left out.")
    var instrument: [String] = []

    @Option(name: .long, help: "A parameter as name=value; repeatable.")
    var set: [KeyValueOption] = []

    @Option(
        name: .long,
        help:
            "An account setting as name=value: starting_cash, maker_fee, taker_fee, latency_ms, slippage_ticks."
    )
    var venue: [KeyValueOption] = []

    @Option(name: .long, help: "A risk limit as name=value.")
    var limit: [KeyValueOption] = []

    @Option(name: .long, help: "The seed of the strategy's random numbers.")
    var seed: UInt64 = 0

    @Option(name: .long, help: "How many of the last trades to print.")
    var trades: Int = 10

    @Flag(name: .long, help: "Print what the strategy logged.")
    var log = false

    @Flag(name: .long, help: "Print one JSON document with all trades.")
    var json = false

    func run() throws {
        try reporting {
            let strategy = try AppRegistry.shared.requireStrategy(named: className)
            let started = ContinuousClock.now
            let result = try Backtest.run(
                strategy: strategy,
                settings: BacktestSettings(
                    files: data, symbols: instrument, parameters: set.inputs, venue: venue.inputs,
                    limits: limit.inputs, seed: seed))
            let elapsed = ContinuousClock.now - started
            if json {
                try printJSON(BacktestDocument(result))
            } else {
                if log { for line in result.logLines { print(line) } }
                print(BacktestReport(result).text(tradesMax: max(0, trades)))
                let seconds = Double(elapsed.wholeNanoseconds) / 1e9
                let rate = Double(result.status.events) / max(seconds, 1e-9) / 1e6
                printError(
                    "\(result.status.events) records in \(decimal(seconds, places: 3)) s, \(decimal(rate, places: 1)) million/s"
                )
            }
        }
    }
}

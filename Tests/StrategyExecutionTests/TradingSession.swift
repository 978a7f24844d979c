import MarketData
import TestSupport
import Testing
import TradingEngine
import TradingModel

@testable import StrategyExecution

/// A synthetic market that goes on over several sessions.
struct TestMarket {
    let options: SyntheticOptions
    private var market: SyntheticMarket

    init(seed: UInt64) throws {
        var options = SyntheticOptions()
        options.symbols = ["AAA", "BBB"]
        options.seed = seed
        options.volatility = 0.002
        self.options = options
        market = try SyntheticMarket(options: options)
    }

    mutating func next() -> MarketEvent { market.next(beginning: Timestamp(seconds: 1_780_000_000)) }
}

/// An executor's engine and journal, without the process round them.
final class TradingSession {
    let journal: JournalWriter
    let engine: Engine<RandomTrader, SimulatedExchange, JournalOutput>

    static let startingCash = Money(50_000)

    /// Goes on from what the directory's journals say, as an executor does.
    init(_ directory: String, epoch: UInt32, instruments: [Instrument], seed: UInt64) throws {
        let recovered = try JournalRecovery.latestState(
            directory: directory, instruments: instruments, startingCash: Self.startingCash)
        journal = try JournalWriter(directory: directory, session: .test(epoch: epoch, seed: seed))
        let values = ParameterValues(defaults: RandomTrader.parameters)
        let exchange = SimulatedExchangeConfiguration(
            makerFeeRate: Quantity(e8: -5_000), takerFeeRate: Quantity(e8: 40_000),
            latency: .milliseconds(120), slippageTicks: 1, fillModel: FillModel(isVolumeLimited: true))
        engine = Engine(
            strategy: try RandomTrader(parameters: values),
            venue: SimulatedExchange(configuration: exchange, instruments: instruments),
            configuration: EngineConfiguration(
                instruments: instruments, epoch: epoch, seed: seed, startingCash: Self.startingCash),
            parameters: values, output: JournalOutput(journal: journal))
        if let recovered { try engine.restore(recovered) }
        journal.append(.checkpoint(engine.snapshot()), at: .epoch)
        journal.flush()
        engine.start(at: .epoch)
    }

    /// Runs over records of the market; what is buffered is written at the end.
    func run(_ market: inout TestMarket, count: Int) {
        for _ in 0..<count { engine.process(market.next()) }
        journal.flush()
    }
}

extension JournalSession {
    static func test(epoch: UInt32, seed: UInt64 = 1) -> JournalSession {
        JournalSession(
            strategyID: "id-1", strategyName: "trader", className: "random_trader", epoch: epoch, seed: seed)
    }
}

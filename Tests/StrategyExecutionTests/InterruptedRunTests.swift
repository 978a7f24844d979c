import Foundation
import MarketData
import TestSupport
import Testing
import TradingEngine
import TradingModel

@testable import StrategyExecution

/// Decides by the market and its own orders only, so that a restart changes nothing that it goes by.
final class ListTrader: Strategy {
    static let name = "list_trader"

    init(parameters: ParameterValues) {}

    func onQuote(_ quote: Quote, token: InstrumentToken, context: StrategyContext) {
        guard context.openOrders(token).isEmpty else { return }
        let tick = Price(e8: 1_000_000)
        let distance = tick * Int(5 + quote.bid.e8 / 1_000_000 % 40)
        if !context.position(token).isFlat {
            context.submit(
                .trailingStop(
                    context.position(token).quantity > .zero ? .sell : .buy,
                    context.position(token).quantity.magnitude, offset: .price(distance), token,
                    isReduceOnly: true))
        } else if quote.bid.e8 / 1_000_000 % 3 == 0 {
            context.submit(
                .stopLimit(.buy, Quantity(2), trigger: quote.ask + distance, quote.ask + distance, token))
        } else {
            let entry = quote.bid - tick
            context.submitBracket(
                .limit(.buy, Quantity(4), entry, token), takeProfit: entry + distance,
                stopLoss: entry - distance)
        }
    }
}

/// A run that is killed again and again and goes on from its journal trades as one that was not.
@Suite struct InterruptedRunTests {
    private final class Session {
        let journal: JournalWriter
        let engine: Engine<ListTrader, SimulatedExchange, JournalOutput>

        init(_ directory: String, epoch: UInt32, _ instruments: [Instrument]) throws {
            let recovered = try JournalRecovery.latestState(
                directory: directory, instruments: instruments, startingCash: Money(50_000))
            journal = try JournalWriter(directory: directory, session: .test(epoch: epoch))
            let parameters = ParameterValues(defaults: [])
            engine = Engine(
                strategy: ListTrader(parameters: parameters),
                venue: SimulatedExchange(
                    configuration: SimulatedExchangeConfiguration(
                        fees: ExchangeModelText.fees("taker=0.001,tier=20000:0:0.0005,per_order=1")!,
                        fillModel: FillModel(volume: .limited)), instruments: instruments),
                configuration: EngineConfiguration(
                    instruments: instruments, epoch: epoch, startingCash: Money(50_000)),
                parameters: parameters, output: JournalOutput(journal: journal))
            if let recovered { try engine.restore(recovered) }
            journal.append(.checkpoint(engine.snapshot()), at: .epoch)
            journal.flush()
            engine.start(at: .epoch)
        }
    }

    /// All fills of a directory's journals: what counts for the account, without the numbers of processes.
    private func fills(_ directory: String) throws -> [String] {
        var found: [String] = []
        for epoch in JournalRecovery.epochs(in: directory) {
            let path = directory + "/" + JournalCodec.fileName(epoch: epoch)
            let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
            for entry in bytes.withUnsafeBytes({ JournalScan($0, fileOffset: 0) }).entries {
                guard case .fill(let fill) = entry.record else { continue }
                found.append(
                    "\(fill.time) \(fill.side) \(fill.quantity)@\(fill.price) \(fill.fee) \(fill.positionAfter)"
                        + " \(fill.realizedPnL)")
            }
        }
        return found
    }

    @Test(arguments: [UInt64(2), 23]) func interruptedRunTradesAsAnUninterruptedOne(seed: UInt64) throws {
        let whole = try TemporaryDirectory()
        let parts = try TemporaryDirectory()
        var market = try TestMarket(seed: seed)
        let instruments = market.options.instruments
        let events = (0..<6_000).map { _ in market.next() }
        let uninterrupted = try Session(whole.path, epoch: 1, instruments)
        for event in events { uninterrupted.engine.process(event) }
        uninterrupted.journal.flush()
        var epoch: UInt32 = 0
        var open = 0
        for start in stride(from: 0, to: events.count, by: 150) {
            epoch += 1
            let session = try Session(parts.path, epoch: epoch, instruments)
            for event in events[start..<start + 150] { session.engine.process(event) }
            session.journal.flush()
            open += session.engine.snapshot().openOrders.count
        }
        let expected = try fills(whole.path)
        #expect(try fills(parts.path) == expected)
        #expect(expected.count > 40 && open > 20, "\(expected.count) fills, \(open) orders open at the ends")
    }
}

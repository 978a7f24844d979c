import ExampleStrategies
import Testing
import TradingEngine
import TradingModel

/// A strategy that is cut off anywhere and restored from its journal does what the uninterrupted one does.
@Suite struct StateTests {
    private struct Event: Equatable {
        var time: Timestamp
        var token: InstrumentToken
        var side: Side
        var price: Price
        var quantity: Quantity
        var positionAfter: Quantity
        var realizedPnL: Money
    }

    /// Keeps fills, and everything as the bytes of a journal.
    private struct Journal: EngineOutput {
        var fills: [Event] = []
        var savedState: SavedState?
        var rejections = 0
        var lines: [String] = []

        mutating func record(_ record: JournalRecord, at time: Timestamp) {
            switch record {
            case .fill(let fill):
                fills.append(
                    Event(
                        time: fill.time, token: fill.token, side: fill.side, price: fill.price,
                        quantity: fill.quantity, positionAfter: fill.positionAfter,
                        realizedPnL: fill.realizedPnL))
            case .orderUpdated(let update) where update.status == .rejected: rejections += 1
            default: break
            }
        }

        mutating func log(_ message: String, at time: Timestamp) { lines.append(message) }
    }

    private static let instruments = [
        Instrument(symbol: "AAA", token: InstrumentToken(1), priceIncrement: Price(e8: 1_000_000)),
        Instrument(symbol: "BBB", token: InstrumentToken(2), priceIncrement: Price(e8: 1_000_000)),
    ]

    /// Quotes of two instruments that wander, and trades.
    private static let records: [MarketEvent] = {
        var generator = SeededGenerator(seed: 21)
        var mids: [Int64] = [10_000, 10_000]
        return (0..<6_000).map { index in
            let place = Int(generator.next() % 2)
            mids[place] += Int64(generator.next() % 9) - 4
            mids[place] += (10_000 - mids[place]) / 200
            let mid = mids[place] * 1_000_000
            let time = Timestamp(milliseconds: 1_780_000_000_000 + Int64(index) * 250)
            let token = InstrumentToken(UInt32(place + 1))
            if generator.next() % 5 == 0 {
                return .trade(
                    Trade(price: Price(e8: mid), size: Quantity(1)), token: token, eventTime: time,
                    receiveTime: time,
                    sequence: UInt64(index + 1))
            }
            return .quote(
                Quote(
                    bid: Price(e8: mid - 1_000_000), ask: Price(e8: mid + 1_000_000), bidSize: Quantity(5),
                    askSize: Quantity(5)), token: token, eventTime: time, receiveTime: time,
                sequence: UInt64(index + 1))
        }
    }()

    private func makeEngine<S: Strategy>(
        _: S.Type, _ inputs: [(name: String, text: String)], epoch: UInt32
    ) throws -> Engine<S, SimulatedExchange, Journal> {
        let values = try ParameterValues.resolve(S.parameters, from: inputs)
        return Engine(
            strategy: try S(parameters: values),
            venue: SimulatedExchange(
                configuration: SimulatedExchangeConfiguration(takerFeeRate: Quantity(e8: 10_000)),
                instruments: Self.instruments),
            configuration: EngineConfiguration(instruments: Self.instruments, epoch: epoch),
            parameters: values,
            output: Journal())
    }

    /// Compares an interrupted run with the whole one at random places; how many were compared.
    private func check<S: Strategy>(_ type: S.Type, _ inputs: [(name: String, text: String)]) throws -> Int {
        let whole = try makeEngine(type, inputs, epoch: 1)
        whole.start(at: .epoch)
        for record in Self.records { whole.process(record) }
        try #require(whole.output.fills.count > 20, "\(S.name) trades too little to say anything")
        var generator = SeededGenerator(seed: 5)
        var compared = 0
        for _ in 0..<40 {
            let cut = Int.random(in: 1..<Self.records.count, using: &generator)
            let first = try makeEngine(type, inputs, epoch: 1)
            first.start(at: .epoch)
            for record in Self.records[..<cut] { first.process(record) }
            // Through the bytes of a journal, as a new process would find it.
            let entry = JournalEntry(
                sequence: 1, epoch: 1, time: .epoch, record: .checkpoint(first.snapshot()))
            let bytes = JournalCodec.encode(entry)
            guard case .entry(let read, _) = bytes.withUnsafeBytes({ JournalCodec.decode($0) }),
                case .checkpoint(let snapshot) = read.record
            else {
                Issue.record("the journal does not read back")
                continue
            }
            let second = try makeEngine(type, inputs, epoch: 2)
            try second.restore(snapshot)
            second.start(at: .epoch)
            for record in Self.records[cut...] { second.process(record) }
            // An order before the first quote of its instrument after the restart finds no market.
            guard second.output.rejections == 0 else { continue }
            compared += 1
            let fills = first.output.fills + second.output.fills
            #expect(fills == whole.output.fills, "\(S.name) cut at \(cut)")
            #expect(second.portfolio.equity == whole.portfolio.equity, "\(S.name) cut at \(cut)")
        }
        return compared
    }

    @Test func movingAverageCrossoverGoesOn() throws {
        #expect(try check(MovingAverageCrossover.self, [("fast", "5"), ("slow", "30")]) >= 38)
    }

    @Test func bollingerReversionGoesOn() throws {
        #expect(try check(BollingerReversion.self, [("length", "30"), ("width", "1.5")]) >= 38)
    }

    @Test func pairSpreadGoesOn() throws {
        #expect(try check(PairSpread.self, [("length", "60"), ("entry", "1.5")]) >= 35)
    }

    @Test func marketMakerGoesOn() throws {
        #expect(try check(MarketMaker.self, [("spread_ticks", "2")]) >= 38)
    }

    @Test func stateOfOtherSettingsIsLeftAloneAndTold() throws {
        func restore<S: Strategy>(
            _ type: S.Type, _ old: [(name: String, text: String)], _ new: [(name: String, text: String)]
        ) throws -> [String] {
            let first = try makeEngine(type, old, epoch: 1)
            first.start(at: .epoch)
            for record in Self.records[..<200] { first.process(record) }
            let second = try makeEngine(type, new, epoch: 2)
            try second.restore(first.snapshot())
            second.start(at: .epoch)
            for record in Self.records[200..<400] { second.process(record) }
            return second.output.lines
        }
        #expect(try restore(MovingAverageCrossover.self, [("slow", "30")], [("slow", "30")]).isEmpty)
        #expect(
            try restore(MovingAverageCrossover.self, [("slow", "30")], [("slow", "40")]).first?.contains(
                "not 40")
                == true)
        #expect(try restore(BollingerReversion.self, [], [("length", "10")]).count == 1)
        #expect(try restore(PairSpread.self, [], [("ratio", "2")]).first?.contains("ratio") == true)
    }

    @Test func cutOffStateIsNeverHalfTaken() throws {
        let engine = try makeEngine(BollingerReversion.self, [("length", "10")], epoch: 1)
        engine.start(at: .epoch)
        for record in Self.records[..<100] { engine.process(record) }
        let snapshot = engine.snapshot()
        let state = try #require(snapshot.savedState)
        for count in 0..<state.bytes.count {
            let other = try makeEngine(BollingerReversion.self, [("length", "10")], epoch: 2)
            var cut = snapshot
            cut.savedState = SavedState(version: state.version, bytes: Array(state.bytes.prefix(count)))
            try other.restore(cut)
            other.start(at: .epoch)
            other.process(Self.records[100])
            #expect(other.output.lines.count == 1, "\(count) bytes")
        }
    }
}

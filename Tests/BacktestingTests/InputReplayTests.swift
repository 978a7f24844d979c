import Testing
import TradingEngine
import TradingModel

@testable import Backtesting

/// Takes down what it sees and hears.
private final class Listener: Strategy {
    static let name = "listener"
    static let parameters: [ParameterDeclaration] = [
        .integer("pace", default: 1, range: 1...9, isLive: true)
    ]
    nonisolated(unsafe) static var heard: [String] = []

    init(parameters: ParameterValues) { Self.heard = [] }

    func onQuote(_ quote: Quote, token: InstrumentToken, context: StrategyContext) {
        Self.heard.append("\(quote.bid.e8 / 100_000_000)")
    }
    func onParametersChanged(_ parameters: ParameterValues, context: StrategyContext) {
        Self.heard.append("pace \(parameters.integer("pace"))")
    }
    func onPause(_ context: StrategyContext) { Self.heard.append("pause") }
    func onResume(_ context: StrategyContext, missed: UInt64) { Self.heard.append("resume \(missed)") }
    func onGap(missing: UInt64, context: StrategyContext) { Self.heard.append("gap \(missing)") }
}

@Suite(.serialized) struct InputReplayTests {
    private static let instrument = Instrument(symbol: "AAA", priceIncrement: Price(1))

    /// The n-th record; all have the same receive time, so that only the sequence tells places apart.
    private func record(_ number: UInt64) -> MarketEvent {
        let quote = Quote(
            bid: Price(Int(number)), ask: Price(Int(number) + 1), bidSize: Quantity(1), askSize: Quantity(1))
        let time = Timestamp(seconds: 1_000)
        return .quote(
            quote, token: Self.instrument.token, eventTime: time, receiveTime: time, sequence: number)
    }

    private func place(_ number: UInt64) -> RecordPlace { RecordPlace(record(number)) }

    private func replay(_ inputs: [SessionInput]) throws -> (heard: [String], skipped: Int) {
        let values = ParameterValues(defaults: Listener.parameters)
        let recorder = RunRecorder(instruments: [Self.instrument], keepsEntries: false)
        let engine = Engine(
            strategy: Listener(parameters: values),
            venue: SimulatedExchange(
                configuration: SimulatedExchangeConfiguration(), instruments: [Self.instrument]),
            configuration: EngineConfiguration(
                instruments: [Self.instrument], epoch: 1, startingCash: Money(1_000)),
            parameters: values, output: RunRecorder.Output(recorder: recorder))
        engine.start(at: .epoch)
        var replay = InputReplay(inputs) { json in [("pace", json)] }
        for number in UInt64(1)...12 where try replay.admit(record(number), to: engine) {
            engine.process(record(number))
        }
        try replay.finish(engine)
        #expect(replay.isDone)
        return (Listener.heard, replay.skippedCount)
    }

    @Test func everyInputComesJustAfterTheRecordItIsNotedAt() throws {
        let (heard, skipped) = try replay([
            SessionInput(kind: .configuration, place: .beginning, text: "{}"),
            SessionInput(kind: .began, place: place(3)),
            SessionInput(kind: .paused, place: place(4)),
            SessionInput(kind: .parameters, place: place(5), text: "4"),
            SessionInput(kind: .resumed, place: place(6)),
            SessionInput(kind: .missed, place: place(7), text: "2"),
            SessionInput(kind: .parameters, place: place(7), text: "5"),
            SessionInput(kind: .wentOn, place: place(10)),
            SessionInput(kind: .stopped, place: place(11)),
        ])
        #expect(heard == ["3", "4", "pause", "pace 4", "resume 2", "7", "gap 2", "pace 5", "10", "11"])
        #expect(skipped == 2)
    }

    @Test func whatWasNotedBeforeTheFirstRecordAndAfterTheLastIsDoneToo() throws {
        let (heard, _) = try replay([
            SessionInput(kind: .paused, place: .beginning), SessionInput(kind: .began, place: place(12)),
            SessionInput(kind: .resumed, place: place(12)),
        ])
        #expect(heard == ["pause", "resume 1"])
    }

    @Test func journalOfAnOlderProgramIsReadByItsParameters() throws {
        func entry(_ seconds: Int64, _ record: JournalRecord) -> JournalEntry {
            JournalEntry(sequence: 1, epoch: 1, time: Timestamp(seconds: seconds), record: record)
        }
        let journal = try SessionJournal([
            entry(0, .checkpoint(EngineSnapshot(totals: AccountTotals(startingCash: Money(1))))),
            entry(0, .parametersChanged("{}")), entry(10, .parametersChanged("{}")),
            entry(20, .parametersChanged("a")), entry(30, .stateSaved(SavedState(version: 1, bytes: []))),
        ])
        #expect(!journal.hasInputs && journal.inputs.map(\.kind) == [.began, .parameters])
        #expect(
            journal.firstRecordTime == Timestamp(seconds: 10) && journal.lastTime == Timestamp(seconds: 30))
        #expect(journal.end == nil && journal.inputs[1].text == "a")
        #expect(throws: BacktestError.self) { _ = try SessionJournal([entry(0, .parametersChanged("{}"))]) }
    }
}

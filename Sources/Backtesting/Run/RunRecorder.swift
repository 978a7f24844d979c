import TradingEngine
import TradingModel

/// Keeps what one strategy did in a backtest; a class, because its engine has only a reference to it.
final class RunRecorder {
    /// A record of the order log, for those who write or compare it.
    struct Entry {
        var time: Timestamp
        var record: JournalRecord
    }

    private let keepsEntries: Bool
    private let multipliers: [InstrumentToken: Quantity]
    private var builder = TradeBuilder()
    private var exposedSince: Timestamp?
    /// Orders, updates and fills since they were last taken; empty unless they are wanted.
    private var entries: [Entry] = []
    private(set) var logLines: [String] = []
    private(set) var fillMarks = FillMarks()
    /// The value of all fills, in units of 10^-8.
    private(set) var turnoverE8: Int128 = 0
    private(set) var exposedNanoseconds: Int64 = 0

    init(instruments: [Instrument], keepsEntries: Bool) {
        self.keepsEntries = keepsEntries
        multipliers = Dictionary(instruments.map { ($0.token, $0.multiplier) }) { first, _ in first }
    }

    func record(_ record: JournalRecord, at time: Timestamp) {
        if case .fill(let fill) = record { book(fill) }
        guard keepsEntries else { return }
        switch record {
        case .orderSubmitted, .orderUpdated, .orderModified, .fill:
            entries.append(Entry(time: time, record: record))
        default: break
        }
    }

    func log(_ message: String, at time: Timestamp) {
        if logLines.count < Limits.logLinesMax { logLines.append("[\(time)] \(message)") }
    }

    func takeTrades() -> [BacktestTrade] { builder.takeTrades() }

    func takeEntries() -> [Entry] {
        defer { entries.removeAll(keepingCapacity: true) }
        return entries
    }

    /// Ends the time in the market of a position that stays open.
    func end(at time: Timestamp) {
        if let exposedSince { exposedNanoseconds += max(0, (time - exposedSince).wholeNanoseconds) }
        exposedSince = nil
    }

    private func book(_ fill: Fill) {
        builder.add(fill)
        fillMarks.add(fill)
        // The venue has proven that the product fits.
        let notional = Money(
            price: fill.price, quantity: fill.quantity, multiplier: multipliers[fill.token] ?? Quantity(1))
        turnoverE8 += Int128(notional.e8)
        if builder.isOpen {
            if exposedSince == nil { exposedSince = fill.time }
        } else {
            end(at: fill.time)
        }
    }

    /// What the engine writes to.
    struct Output: EngineOutput {
        let recorder: RunRecorder

        func record(_ record: JournalRecord, at time: Timestamp) { recorder.record(record, at: time) }
        func log(_ message: String, at time: Timestamp) { recorder.log(message, at: time) }
    }
}

import TradingEngine
import TradingModel

/// Keeps what one strategy did in a backtest; a class, because its engine has only a reference to it.
final class RunRecorder {
    /// A record of the order log, for those who write or compare it.
    struct Entry {
        var time: Timestamp
        var record: JournalRecord
    }

    let keepsEntries: Bool
    private let instruments: [Instrument]
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
        self.instruments = instruments
    }

    func record(_ record: JournalRecord, at time: Timestamp) {
        guard keepsEntries else { return }
        switch record {
        case .orderSubmitted, .orderUpdated, .orderModified:
            entries.append(Entry(time: time, record: record))
        default: break
        }
    }

    func record(_ fill: Fill, at time: Timestamp) {
        book(fill)
        if keepsEntries { entries.append(Entry(time: time, record: .fill(fill))) }
    }

    func log(_ message: String, at time: Timestamp) {
        if logLines.count < Limits.logLinesMax { logLines.append("[\(time)] \(message)") }
    }

    /// Appends the round trips that have closed since the last call.
    func takeTrades(into trades: inout [BacktestTrade]) { builder.takeTrades(into: &trades) }

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
        let multiplier = instruments.first { $0.token == fill.token }?.multiplier ?? Quantity(1)
        // The venue has proven that the product fits.
        let notional = Money(price: fill.price, quantity: fill.quantity, multiplier: multiplier)
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

        var wantsOrderLog: Bool { recorder.keepsEntries }

        func record(_ record: JournalRecord, at time: Timestamp) { recorder.record(record, at: time) }
        func record(_ fill: Fill, at time: Timestamp) { recorder.record(fill, at: time) }
        func log(_ message: String, at time: Timestamp) { recorder.log(message, at: time) }
    }
}

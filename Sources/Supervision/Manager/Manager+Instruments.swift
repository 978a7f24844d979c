import ControlPlane
import MessageBus
import TradingModel

/// What can be traded, told on the bus: one retained message for each category, from the rows of the database.
extension Manager {
    /// Keeps and announces instruments that came up in a feed, unless their symbols or tokens are taken.
    func takeNewInstruments(_ found: [Instrument], of process: ManagedProcess) {
        let all = instruments
        let symbols = Set(all.map(\.symbol))
        var symbolByToken = Dictionary(all.map { ($0.token.rawValue, $0.symbol) }) { first, _ in first }
        var new: [Instrument] = []
        // Of one that is known already, its own announcement tells the feed.
        for instrument in found where !symbols.contains(instrument.symbol) {
            if let other = symbolByToken[instrument.token.rawValue] {
                guard conflictsTold.insert(instrument.symbol).inserted else { continue }
                report(
                    process,
                    "\(instrument.symbol) cannot be an instrument: its token \(instrument.token) is that of \(other)"
                )
                continue
            }
            symbolByToken[instrument.token.rawValue] = instrument.symbol
            new.append(instrument)
        }
        guard !new.isEmpty else { return }
        feedInstruments += new
        let names = new.prefix(20).map(\.symbol).joined(separator: ", ")
        report(process, "new instruments: \(names)\(new.count > 20 ? " and \(new.count - 20) more" : "")")
        let rows = new
        store?.enqueue("the instruments of feed \(process.name)") { try $0.upsertInstruments(rows) }
        publishInstruments()
    }

    /// Publishes the categories that have changed since they were last published; a category whose last instrument is
    /// gone is told as empty.
    func publishInstruments() {
        guard isBusReady, stopping == nil, let client, client.isConnected else { return }
        var members: [String: [Instrument]] = [:]
        for instrument in instruments { members[instrument.category, default: []].append(instrument) }
        for category in publishedInstruments.keys where members[category] == nil { members[category] = [] }
        for (category, instruments) in members.sorted(by: { $0.key < $1.key })
        where publishedInstruments[category] != instruments {
            let payload = InstrumentsPayload(category: category, instruments: instruments)
            guard client.publish(.instruments(category), payload.encoded()) == .sent else { continue }
            publishedInstruments[category] = instruments
        }
    }
}

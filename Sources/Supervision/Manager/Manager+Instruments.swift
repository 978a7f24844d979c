import MessageBus
import TradingModel

/// What can be traded, told on the bus: one retained message for each category, from the rows of the database.
extension Manager {
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

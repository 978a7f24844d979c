package import TradingModel

/// The instruments of one category (`instruments:category:{category}`, retained).
package struct InstrumentsPayload: BusPayload, Equatable {
    package var category: String
    package var instruments: [Instrument]

    package init(category: String, instruments: [Instrument]) {
        self.category = category
        self.instruments = instruments
    }
}

import TradingModel

/// What the engine knows of one instrument from moment to moment.
struct InstrumentState {
    var quote = Quote(bid: .zero, ask: .zero, bidSize: .zero, askSize: .zero)
    /// The last trade's price or the last bar's close.
    var lastPrice = Price.zero
    /// Volume and duration of a `barVolume` record until its `bar` comes.
    var barVolume = Quantity.zero
    var barDurationNanoseconds: Int64 = 0
    /// Remaining quantity of orders at the venue, by side.
    var openBuyQuantity = Quantity.zero
    var openSellQuantity = Quantity.zero
    var hasQuote = false
    var hasLastPrice = false
    var isHalted = false
    var hasPosition = false
    var hasBars = false
    /// Whether quotes and trades need not be shown to the venue, see `VenueAttention`.
    var isVenueIdle = false
    /// What came while it was idle and the venue has not seen.
    var hasUnseenQuote = false
    var hasUnseenTrade = false

    /// The price that positions are valued at: the mid of the last quote, else the last price.
    var mark: Price? {
        if hasQuote { return quote.mid }
        return hasLastPrice ? lastPrice : nil
    }
}

package import TradingModel

/// What an engine is made with.
package struct EngineConfiguration: Sendable {
    /// The instruments to trade, in the order the strategy sees them.
    package var instruments: [Instrument]
    /// The process's number, part of order ids.
    package var epoch: UInt32
    /// The seed of `StrategyContext.random`.
    package var seed: UInt64
    /// The account's cash at the beginning; a restored snapshot brings its own.
    package var startingCash: Money
    package var limits: RiskLimits
    /// The time of day in UTC, from 00:00, at which DAY orders end.
    package var sessionEnd: Duration
    /// By how much market data reaches the strategy later than a simulated exchange; of the model only what it says of
    /// market data.
    package var feedLatency: LatencyModel

    package init(
        instruments: [Instrument], epoch: UInt32 = 1, seed: UInt64 = 0, startingCash: Money = Money(100_000),
        limits: RiskLimits = RiskLimits(), sessionEnd: Duration = .zero,
        feedLatency: LatencyModel = LatencyModel()
    ) {
        precondition(sessionEnd >= .zero && sessionEnd < .seconds(86_400), "a time of day")
        self.instruments = instruments
        self.epoch = epoch
        self.seed = seed
        self.startingCash = startingCash
        self.limits = limits
        self.sessionEnd = sessionEnd
        self.feedLatency = feedLatency
    }

    /// The first session end after a time.
    func nextSessionEnd(after time: Timestamp) -> Timestamp {
        let day: Int64 = 86_400_000_000_000
        let phase = (time.nanoseconds - sessionEnd.wholeNanoseconds) % day
        let (end, overflow) = time.nanoseconds.addingReportingOverflow(
            day - (phase < 0 ? phase + day : phase))
        return overflow ? .distantFuture : Timestamp(nanoseconds: end)
    }

    /// Checks that the instruments can be traded together; to be called on configuration that people wrote.
    package func validate() throws(EngineError) {
        guard instruments.count <= Limits.instrumentsMax else {
            throw EngineError(
                .invalidInstruments, "at most \(Limits.instrumentsMax) instruments, not \(instruments.count)")
        }
        var seen: [InstrumentToken: String] = [:]
        for instrument in instruments {
            let symbol = instrument.symbol
            guard instrument.token != .feedWide else {
                throw EngineError(
                    .invalidInstruments, "\(symbol) has token 0, which stands for the feed; choose another")
            }
            if let other = seen.updateValue(symbol, forKey: instrument.token) {
                throw EngineError(
                    .invalidInstruments,
                    "\(symbol) and \(other) share token \(instrument.token); give one of them another token")
            }
            guard instrument.priceIncrement >= .zero, instrument.quantityIncrement >= .zero,
                instrument.multiplier > .zero
            else {
                throw EngineError(
                    .invalidInstruments,
                    "\(symbol): increments must not be negative and the multiplier must be positive")
            }
        }
    }
}

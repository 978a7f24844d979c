import TradingModel

extension SimulatedExchangeConfiguration {
    /// What a report must say about how its fills came about: a name and a sentence for each model.
    package var assumptions: [(name: String, text: String)] {
        [
            ("fills", takingText + " " + touchText), ("triggers", triggerText), ("bars", barText),
            ("latency", latencyText), ("fees", feeText), ("slippage", slippageText),
        ]
    }

    private var takingText: String {
        switch fillModel.volume {
        case .whole:
            "Orders take the opposite quote, without one the last trade or close, and fill whole."
        case .limited:
            "Orders take the opposite quote, without one the last trade or close, and no more than is displayed or "
                + "traded, where the data tells it; the rest waits."
        case .limitedSlipping(let ticks):
            "Orders take what is displayed at the opposite quote, and the rest at once \(ticks) price increments worse."
        }
    }

    private var touchText: String {
        let through =
            "A resting limit order fills at its price when a trade is beyond it or the opposite quote reaches it"
        switch fillModel.touch {
        case .through: return through + "; a trade at its price does not fill it."
        case .touch: return through + ", and by any trade at its price (optimistic)."
        case .chance(let basisPoints):
            return through
                + ", and by a trade at its price with probability \(Quantity(e8: Int64(basisPoints) * 10_000))."
        case .penetration(let ticks):
            return
                "A resting limit order fills only when a trade or the opposite quote is \(ticks) price increments beyond it."
        case .queue(let model):
            return through + ", and by trades at its price once the queue before it is used up; "
                + queueText(model)
        }
    }

    private func queueText(_ model: QueueModel) -> String {
        switch model {
        case .riskAverse: "cancels are taken to have stood behind it."
        case .power(let exponent):
            "cancels are shared by the power \(exponent) of what stands before and behind it."
        case .logarithm: "cancels are shared by the logarithm of what stands before and behind it."
        }
    }

    private var triggerText: String {
        switch triggerSource {
        case .quote:
            "Stops are triggered by the opposite quote, without quotes by trades and bars, and then take the market."
        case .last: "Stops are triggered by trades and bars, and then take the market."
        }
    }

    private var barText: String {
        let path =
            barPath == .adaptive ? "open, nearer extreme, other extreme, close" : "open, high, low, close"
        return
            "A bar goes \(path); gaps fill at the open, stops at their trigger, limit orders at their price when it is "
            + "passed; only orders older than the bar take part; when stop and target of one list could both have filled, "
            + "the stop did. Exits of a bracket take part from the bar after the entry's."
    }

    /// How long orders, answers and market data are on their way.
    package var latencyText: String {
        let times = latency.sampleFactor == 1 ? "" : ", \(latency.sampleFactor) times as long"
        var feed = latency.feed > .zero ? ", market data \(Self.text(latency.feed)) late" : ""
        if !latency.feedSamples.isEmpty {
            feed = ", market data as late as interpolated from \(latency.feedSamples.count) recorded orders"
            if latency.samples.isEmpty { feed += times }
        }
        if !latency.samples.isEmpty {
            return "To the exchange and back as interpolated from \(latency.samples.count) recorded orders"
                + times
                + feed + "."
        }
        guard latency.entry > .zero || latency.response > .zero || latency.hasFeed else {
            return "None."
        }
        return "\(Self.text(latency.entry)) to the exchange, \(Self.text(latency.response)) back" + feed + "."
    }

    /// A duration in its largest unit that has no fraction.
    private static func text(_ duration: Duration) -> String {
        let nanoseconds = duration.wholeNanoseconds
        guard nanoseconds != 0 else { return "nothing" }
        for (unit, size) in [("s", Int64(1_000_000_000)), ("ms", 1_000_000), ("us", 1_000)]
        where nanoseconds % size == 0 { return "\(nanoseconds / size) \(unit)" }
        return "\(nanoseconds) ns"
    }

    /// What fills cost.
    package var feeText: String {
        var parts = ["Maker \(fees.rates.maker), taker \(fees.rates.taker) of the notional"]
        for tier in fees.tiers {
            parts.append("from \(tier.from) traded on maker \(tier.rates.maker), taker \(tier.rates.taker)")
        }
        if !fees.perUnit.isZero { parts.append("\(fees.perUnit) per unit") }
        if !fees.perOrder.isZero { parts.append("\(fees.perOrder) per order") }
        return parts.joined(separator: "; ") + "."
    }

    /// By how much orders that take fill worse.
    package var slippageText: String {
        switch slippage {
        case .none: "None."
        case .ticks(let count): "Market orders and stops fill \(count) price increments worse."
        case .rate(let rate): "Market orders and stops fill worse by \(rate) of the price."
        case .volumeShare(let limit, let impact):
            "Market orders and stops fill worse by \(impact) of the price times the square of their share of the "
                + "displayed or traded quantity, which counts up to \(limit)."
        }
    }
}

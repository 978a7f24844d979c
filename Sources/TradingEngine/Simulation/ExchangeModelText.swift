import TradingModel

/// The models of the simulated exchange as people write them: in the `venue` member of a strategy's configuration and on
/// the command line.
package enum ExchangeModelText {
    /// One line for each model that can be named, for help and messages: what to write and what it means.
    package static let fillModels: [(name: String, meaning: String)] = [
        ("best_price", "everything fills at the best price (the default)"),
        ("volume", "no more than is displayed or traded; the rest waits"),
        ("volume_slip:TICKS", "what is displayed, the rest at once so many price increments worse"),
        ("touch", "a trade at a resting order's price fills it"),
        ("chance:SHARE", "such a trade fills it with this probability, 0 to 1, from the seed"),
        ("penetration:TICKS", "a resting order fills only when passed by so many price increments"),
        ("queue_risk_averse", "a touch fills once trades have used up the queue before the order"),
        ("queue_power:N", "as before, and cancels in the queue count by the power N of its parts, 1 to 8"),
        ("queue_log", "as before, by the logarithm of its parts"),
    ]
    package static let latencies =
        "none, a duration for each way such as 5ms, "
        + "entry=5ms,response=3ms,feed=1ms, or file=PATH with recorded sent,exchanged,received nanoseconds of orders, and "
        + "feed_file=PATH with such of which exchanged to received is that of market data"
    package static let feeModels =
        "none, or parts such as maker=-0.0001,taker=0.0004,per_unit=0.005,per_order=1,"
        + "tier=1000000:0:0.0003 (from a traded notional on: maker, taker)"
    package static let slippages = "none, ticks:N, rate:SHARE, or volume_share:LIMIT:IMPACT"

    /// A fill model: words joined with `+`, at most one for volume and one for touches; `nil` when it is none.
    package static func fillModel(_ text: String) -> FillModel? {
        var volume: FillModel.Volume?
        var touch: FillModel.Touch?
        let words = text.split(separator: "+", omittingEmptySubsequences: false)
        for word in words {
            let parts = word.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            if let found = volumeModel(parts) {
                guard volume == nil else { return nil }
                volume = found
            } else if let found = touchModel(parts) {
                guard touch == nil else { return nil }
                touch = found
            } else if parts != ["best_price"] || words.count > 1 {
                return nil
            }
        }
        return FillModel(volume: volume ?? .whole, touch: touch ?? .through)
    }

    private static func volumeModel(_ parts: [String]) -> FillModel.Volume? {
        switch parts[0] {
        case "volume": return parts.count == 1 ? .limited : nil
        case "volume_slip": return count(parts, 1...1_000).map { .limitedSlipping(ticks: $0) }
        default: return nil
        }
    }

    private static func touchModel(_ parts: [String]) -> FillModel.Touch? {
        switch parts[0] {
        case "touch": return parts.count == 1 ? .touch : nil
        case "penetration": return count(parts, 1...1_000).map { .penetration(ticks: $0) }
        case "queue_risk_averse": return parts.count == 1 ? .queue(.riskAverse) : nil
        case "queue_power": return count(parts, 1...8).map { .queue(.power($0)) }
        case "queue_log": return parts.count == 1 ? .queue(.logarithm) : nil
        case "chance":
            guard parts.count == 2, let share = Quantity(parts[1]), share >= .zero, share <= Quantity(1)
            else {
                return nil
            }
            return .chance(basisPoints: Int(share.e8 / 10_000))
        default: return nil
        }
    }

    private static func count(_ parts: [String], _ range: ClosedRange<Int>) -> Int? {
        guard parts.count == 2, let count = Int(parts[1]), range.contains(count) else { return nil }
        return count
    }

    /// A slippage model; `nil` when it is none.
    package static func slippage(_ text: String) -> SlippageModel? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        switch (parts[0], parts.count) {
        case ("none", 1): return SlippageModel.none
        case ("ticks", 2): return count(parts, 0...1_000).map { .ticks($0) }
        case ("rate", 2): return share(parts[1]).map { .rate($0) }
        // The defaults of the field: at most a fortieth of the volume, a price impact of a tenth at the whole of it.
        case ("volume_share", 1):
            return .volumeShare(limit: Quantity(e8: 2_500_000), impact: Quantity(e8: 10_000_000))
        case ("volume_share", 3):
            guard let limit = Quantity(parts[1]), limit > .zero, limit <= Quantity(100),
                let impact = share(parts[2])
            else { return nil }
            return .volumeShare(limit: limit, impact: impact)
        default: return nil
        }
    }

    private static func share(_ text: String) -> Quantity? {
        guard let value = Quantity(text), value >= .zero, value <= Quantity(1) else { return nil }
        return value
    }

    /// A fee model; `nil` when it is none.
    package static func fees(_ text: String) -> FeeModel? {
        if text == "none" { return FeeModel() }
        var model = FeeModel()
        var seen: [String] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let pair = part.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
            guard pair.count == 2, pair[0] == "tier" || !seen.contains(pair[0]) else { return nil }
            seen.append(pair[0])
            switch pair[0] {
            case "maker":
                guard let rate = rate(pair[1]) else { return nil }
                model.rates.maker = rate
            case "taker":
                guard let rate = rate(pair[1]) else { return nil }
                model.rates.taker = rate
            case "per_unit", "per_order":
                guard let amount = Money(pair[1]), amount.magnitude <= Money(1_000_000) else { return nil }
                if pair[0] == "per_unit" { model.perUnit = amount } else { model.perOrder = amount }
            case "tier":
                guard let tier = tier(pair[1]), tier.from > model.tiers.last?.from ?? .zero else {
                    return nil
                }
                model.tiers.append(tier)
            default: return nil
            }
        }
        return model
    }

    private static func tier(_ text: String) -> FeeModel.Tier? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, let from = Money(parts[0]), let maker = rate(parts[1]),
            let taker = rate(parts[2])
        else { return nil }
        return FeeModel.Tier(from: from, rates: FeeModel.Rates(maker: maker, taker: taker))
    }

    /// A fee rate from -0.1 to 0.1.
    private static func rate(_ text: String) -> Quantity? {
        guard let value = Quantity(text), value.magnitude <= Quantity(e8: 10_000_000) else { return nil }
        return value
    }

    /// A latency model, and the files that its samples are in; `nil` when it is none.
    package static func latency(
        _ text: String
    ) -> (model: LatencyModel, path: String?, feedPath: String?)? {
        if text == "none" { return (LatencyModel(), nil, nil) }
        if let both = duration(text) { return (LatencyModel(entry: both, response: both), nil, nil) }
        var model = LatencyModel()
        var path: String?
        var feedPath: String?
        var seen: [String] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(
                String.init)
            guard pair.count == 2, !seen.contains(pair[0]) else { return nil }
            seen.append(pair[0])
            if pair[0] == "file" || pair[0] == "feed_file" {
                guard !pair[1].isEmpty else { return nil }
                if pair[0] == "file" { path = pair[1] } else { feedPath = pair[1] }
                continue
            }
            guard let time = duration(pair[1]) else { return nil }
            switch pair[0] {
            case "entry": model.entry = time
            case "response": model.response = time
            case "feed": model.feed = time
            default: return nil
            }
        }
        if path != nil, seen.contains("entry") || seen.contains("response") { return nil }
        if feedPath != nil, seen.contains("feed") { return nil }
        return (model, path, feedPath)
    }

    /// A whole number with its unit, from 0 to a minute: `250us`, `5ms`, `1s`, `800ns`.
    private static func duration(_ text: String) -> Duration? {
        for (unit, scale) in [("ns", 1), ("us", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000)] {
            guard text.hasSuffix(unit), let count = Int64(text.dropLast(unit.count)), count >= 0,
                count <= 60_000_000_000 / Int64(scale)
            else { continue }
            return .nanoseconds(count * Int64(scale))
        }
        return nil
    }

    /// A time of day, `HH:MM`.
    package static func timeOfDay(_ text: String) -> Duration? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.count == 2 }), let hour = Int(parts[0]),
            let minute = Int(parts[1]), (0...23).contains(hour), (0...59).contains(minute)
        else { return nil }
        return .seconds(hour * 3_600 + minute * 60)
    }
}

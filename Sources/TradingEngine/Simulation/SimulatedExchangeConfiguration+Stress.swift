import TradingModel

extension LatencyModel {
    /// Every way twice as long, recorded orders included.
    package var doubled: LatencyModel {
        var model = self
        model.entry = entry * 2
        model.response = response * 2
        model.feed = feed * 2
        if !samples.isEmpty || !feedSamples.isEmpty { model.sampleFactor = sampleFactor * 2 }
        return model
    }
}

extension FeeModel {
    /// Every fee twice as high, in all tiers; rebates stay.
    package var doubled: FeeModel {
        func twice(_ rates: Rates) -> Rates {
            Rates(
                maker: rates.maker > .zero ? rates.maker * 2 : rates.maker,
                taker: rates.taker > .zero ? rates.taker * 2 : rates.taker)
        }
        return FeeModel(
            rates: twice(rates), tiers: tiers.map { Tier(from: $0.from, rates: twice($0.rates)) },
            perUnit: perUnit > .zero ? perUnit * 2 : perUnit,
            perOrder: perOrder > .zero ? perOrder * 2 : perOrder)
    }

    /// Whether nothing is ever charged.
    package var isFree: Bool {
        let all = [rates] + tiers.map(\.rates)
        return all.allSatisfy { $0.maker <= .zero && $0.taker <= .zero } && perUnit <= .zero
            && perOrder <= .zero
    }
}

extension SlippageModel {
    /// One price increment more, or twice the share.
    package var worse: SlippageModel {
        switch self {
        case .none: .ticks(1)
        case .ticks(let count): .ticks(count + 1)
        case .rate(let rate): .rate(rate * 2)
        case .volumeShare(let limit, let impact): .volumeShare(limit: limit, impact: impact * 2)
        }
    }
}

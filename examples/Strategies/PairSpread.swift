public import Tradewind

/// Trades the difference of two prices against each other when it strays from its average.
public struct PairSpread: Strategy {
    public static let name = "pair_spread"
    public static let summary =
        "Sells the dear and buys the cheap one of two instruments until they meet again"
    public static let parameters: [ParameterDeclaration] = [
        .integer("length", default: 200, range: 10...100_000, help: "Spreads in the average"),
        .number(
            "ratio", default: 1, range: 0.000_1...10_000, help: "Units of the second per unit of the first"),
        .number(
            "entry", default: 2, range: 0.1...20, isLive: true, help: "Standard deviations to enter at"),
        .number(
            "exit", default: 0.5, range: 0...20, isLive: true, help: "Standard deviations to exit at"),
        .decimal(
            "quantity", default: Quantity(1), range: Quantity(e8: 1)...Quantity(1_000_000),
            help: "Size in the first instrument"),
    ]

    private let ratio: Double
    private let quantity: Quantity
    private var entry: Double
    private var exit: Double
    private var deviation: StandardDeviation
    private var firstMid: Double?
    private var secondMid: Double?

    public init(parameters: ParameterValues) throws {
        ratio = parameters.number("ratio")
        quantity = parameters.decimal("quantity")
        deviation = StandardDeviation(length: parameters.integer("length"))
        (entry, exit) = try Self.thresholds(parameters)
    }

    public mutating func onStart(_ context: StrategyContext) {
        if context.instruments.count < 2 { context.log("needs two instruments, does nothing with fewer") }
    }

    public mutating func onQuote(_ quote: Quote, token: InstrumentToken, context: StrategyContext) {
        guard context.instruments.count >= 2 else { return }
        let first = context.instruments[0]
        let second = context.instruments[1]
        // Kept here and not asked of the context, so that they are part of the saved state.
        if token == first.token {
            firstMid = quote.mid.doubleValue
        } else if token == second.token {
            secondMid = quote.mid.doubleValue
        } else {
            return
        }
        guard let firstMid, let secondMid else { return }
        let spread = firstMid - ratio * secondMid
        // Judged by the past without itself, or an outlier would widen the band it is measured with.
        let score = deviation.zScore(spread)
        let isReady = deviation.isReady
        deviation.add(spread)
        guard isReady, context.openOrders().isEmpty else { return }

        let held = context.position(first.token).quantity
        if held.isZero {
            if abs(score) >= entry { enter(score > 0 ? .sell : .buy, first, second, context) }
        } else if held > .zero ? score >= -exit : score <= exit {
            close(first, context)
            close(second, context)
        }
    }

    public mutating func onParametersChanged(_ parameters: ParameterValues, context: StrategyContext) throws {
        (entry, exit) = try Self.thresholds(parameters)
    }

    public func save() -> SavedState? {
        var writer = StateWriter()
        writer.append(deviation)
        writer.append(ratio)
        // Zero is no price.
        writer.append(firstMid ?? 0)
        writer.append(secondMid ?? 0)
        return writer.state(version: 1)
    }

    public mutating func load(_ state: SavedState, context: StrategyContext) throws {
        var deviation = deviation
        var reader = StateReader(state)
        do {
            guard state.version == 1 else { throw StateError("version \(state.version) is not known here") }
            try reader.read(into: &deviation)
            guard try reader.read(Double.self) == ratio else { throw StateError("the ratio was another one") }
            let (firstMid, secondMid) = (try reader.read(Double.self), try reader.read(Double.self))
            self.deviation = deviation
            self.firstMid = firstMid > 0 ? firstMid : nil
            self.secondMid = secondMid > 0 ? secondMid : nil
        } catch {
            // Another length or ratio was configured: the average begins anew, the positions stay.
            context.log("begins with an empty average: \(error)")
        }
    }

    private func enter(_ side: Side, _ first: Instrument, _ second: Instrument, _ context: StrategyContext) {
        guard let scaled = Quantity(rounding: quantity.doubleValue * ratio) else { return }
        let hedge = scaled.roundedDown(to: second.quantityIncrement)
        guard hedge > .zero else { return }
        context.submit(.market(side, quantity, first.token))
        context.submit(.market(side.opposite, hedge, second.token))
    }

    private func close(_ instrument: Instrument, _ context: StrategyContext) {
        let held = context.position(instrument.token).quantity
        guard !held.isZero else { return }
        let side: Side = held > .zero ? .sell : .buy
        context.submit(.market(side, held.magnitude, instrument.token, isReduceOnly: true))
    }

    private static func thresholds(_ parameters: ParameterValues) throws -> (entry: Double, exit: Double) {
        guard parameters.number("exit") < parameters.number("entry") else {
            throw ParameterViolations("exit", "must be less than entry")
        }
        return (parameters.number("entry"), parameters.number("exit"))
    }
}

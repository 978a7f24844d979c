public import Tradewind

/// Long while a fast moving average is above a slow one, short while it is below.
public struct MovingAverageCrossover: Strategy {
    public static let name = "moving_average_crossover"
    public static let summary =
        "Follows the trend: long while the fast average is above the slow one, else short"
    public static let parameters: [ParameterDeclaration] = [
        .integer("fast", default: 10, range: 1...10_000, help: "Prices in the fast average"),
        .integer("slow", default: 40, range: 2...10_000, help: "Prices in the slow average; more than fast"),
        .decimal(
            "quantity", default: Quantity(1), range: Quantity(e8: 1)...Quantity(1_000_000), isLive: true,
            help: "Size of the position"),
        .integer(
            "bar_seconds", default: 0, range: 0...86_400, help: "Bars to average; 0 averages every quote"),
    ]

    private let barSeconds: Int
    private let lengths: (fast: Int, slow: Int)
    private var quantity: Quantity
    private var fast: SimpleMovingAverage
    private var slow: SimpleMovingAverage
    /// The side the averages last spoke for; an order goes out only when it changes.
    private var trend: Side?

    public init(parameters: ParameterValues) throws {
        guard parameters.integer("fast") < parameters.integer("slow") else {
            throw ParameterViolations("fast", "must be less than slow")
        }
        barSeconds = parameters.integer("bar_seconds")
        quantity = parameters.decimal("quantity")
        lengths = (parameters.integer("fast"), parameters.integer("slow"))
        fast = SimpleMovingAverage(length: lengths.fast)
        slow = SimpleMovingAverage(length: lengths.slow)
    }

    public mutating func onStart(_ context: StrategyContext) {
        if context.isWarmingUp {
            // The records that went into a saved state come again.
            fast = SimpleMovingAverage(length: lengths.fast)
            slow = SimpleMovingAverage(length: lengths.slow)
            trend = nil
        }
        guard barSeconds > 0, let instrument = context.instruments.first else { return }
        context.subscribeBars(instrument.token, every: .seconds(barSeconds))
    }

    public mutating func onQuote(_ quote: Quote, token: InstrumentToken, context: StrategyContext) {
        if barSeconds == 0 { add(quote.mid, token, context) }
    }

    public mutating func onBar(_ bar: Bar, token: InstrumentToken, context: StrategyContext) {
        add(bar.close, token, context)
    }

    public mutating func onParametersChanged(_ parameters: ParameterValues, context: StrategyContext) {
        quantity = parameters.decimal("quantity")
        // The next price brings the position to the new size.
        trend = nil
    }

    public func save() -> SavedState? {
        var writer = StateWriter()
        writer.append(fast)
        writer.append(slow)
        writer.append(trend.map { Int($0.rawValue) } ?? 0)
        return writer.state(version: 1)
    }

    public mutating func load(_ state: SavedState, context: StrategyContext) throws {
        var (fast, slow) = (fast, slow)
        var reader = StateReader(state)
        do {
            guard state.version == 1 else { throw StateError("version \(state.version) is not known here") }
            try reader.read(into: &fast)
            try reader.read(into: &slow)
            let side = try reader.read(Int.self)
            (self.fast, self.slow, trend) = (fast, slow, UInt8(exactly: side).flatMap(Side.init(rawValue:)))
        } catch {
            // Other lengths were configured: the averages begin anew, the position stays.
            context.log("begins with empty averages: \(error)")
        }
    }

    /// Trades the first of its instruments only.
    private mutating func add(_ price: Price, _ token: InstrumentToken, _ context: StrategyContext) {
        guard token == context.instruments[0].token else { return }
        fast.add(price.doubleValue)
        slow.add(price.doubleValue)
        guard slow.isReady, fast.value != slow.value else { return }
        let side: Side = fast.value > slow.value ? .buy : .sell
        guard side != trend else { return }
        trend = side

        let target = side == .buy ? quantity : -quantity
        let change = target - context.position(token).quantity
        guard !change.isZero else { return }
        context.submit(.market(change > .zero ? .buy : .sell, change.magnitude, token))
    }
}

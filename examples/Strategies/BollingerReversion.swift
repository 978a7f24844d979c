public import Tradewind

/// Bets against moves out of a Bollinger band and takes the profit where the price is back at its average.
public struct BollingerReversion: Strategy {
    public static let name = "bollinger_reversion"
    public static let summary =
        "Buys below the lower Bollinger band, sells above the upper one, exits at the average"
    public static let parameters: [ParameterDeclaration] = [
        .integer("length", default: 50, range: 2...10_000, help: "Prices in the band"),
        .number("width", default: 2, range: 0.1...10, help: "Half-width of the band in standard deviations"),
        .decimal(
            "quantity", default: Quantity(1), range: Quantity(e8: 1)...Quantity(1_000_000), isLive: true,
            help: "Size of the position"),
    ]

    private var bands: BollingerBands
    private var quantity: Quantity

    public init(parameters: ParameterValues) {
        bands = BollingerBands(length: parameters.integer("length"), width: parameters.number("width"))
        quantity = parameters.decimal("quantity")
    }

    public mutating func onQuote(_ quote: Quote, token: InstrumentToken, context: StrategyContext) {
        add(quote.mid, token, context)
    }

    public mutating func onBar(_ bar: Bar, token: InstrumentToken, context: StrategyContext) {
        add(bar.close, token, context)
    }

    public mutating func onParametersChanged(_ parameters: ParameterValues, context: StrategyContext) {
        quantity = parameters.decimal("quantity")
    }

    public mutating func onStop(_ context: StrategyContext) {
        context.cancelAll()
    }

    public func save() -> SavedState? {
        var writer = StateWriter()
        writer.append(bands)
        return writer.state(version: 1)
    }

    public mutating func load(_ state: SavedState, context: StrategyContext) throws {
        var bands = bands
        var reader = StateReader(state)
        do {
            guard state.version == 1 else { throw StateError("version \(state.version) is not known here") }
            try reader.read(into: &bands)
            self.bands = bands
        } catch {
            // Another length was configured: the band begins anew, the position stays.
            context.log("begins with an empty band: \(error)")
        }
    }

    /// Trades the first of its instruments only.
    private mutating func add(_ price: Price, _ token: InstrumentToken, _ context: StrategyContext) {
        guard token == context.instruments[0].token else { return }
        let value = price.doubleValue
        bands.add(value)
        // An order on its way will still change the position; deciding now would count it twice.
        guard bands.isReady, context.openOrders(token).isEmpty else { return }

        let held = context.position(token).quantity
        if held.isZero {
            if value < bands.lower {
                context.submit(.market(.buy, quantity, token))
            } else if value > bands.upper {
                context.submit(.market(.sell, quantity, token))
            }
        } else if held > .zero ? value >= bands.value : value <= bands.value {
            let side: Side = held > .zero ? .sell : .buy
            context.submit(.market(side, held.magnitude, token, isReduceOnly: true))
        }
    }
}

import Tradewind

/// Buys and sells by turns with every second quote, and traps at one of its choice.
struct Trapper: Strategy {
    static let name = "trapper"
    static let summary = "Trades, and traps at a quote of its choice"
    static let parameters: [ParameterDeclaration] = [
        .integer("quotes", default: 100, range: 0...1_000_000, help: "which quote; 0 is none")
    ]

    private var left: Int
    private var quoteCount = 0

    init(parameters: ParameterValues) { left = parameters.integer("quotes") }

    mutating func onQuote(_ quote: Quote, token: InstrumentToken, context: StrategyContext) {
        quoteCount += 1
        if quoteCount % 2 == 0 {
            let isFlat = context.position(token).isFlat
            context.submit(.market(isFlat ? .buy : .sell, Quantity(1), token))
        }
        left -= 1
        let none: [Int] = []
        if left == 0 { context.log("\(none[left])") }
    }
}

/// Throws where a strategy may throw.
struct Thrower: Strategy {
    static let name = "thrower"
    static let summary = "Throws where it is told to"
    static let parameters: [ParameterDeclaration] = [
        .choice("place", default: "nowhere", choices: ["nowhere", "init", "load"], help: "where it throws"),
        .integer("live", default: 0, range: 0...9, isLive: true, help: "any other value than 0 is refused"),
    ]

    /// Not an error that the engine knows.
    private struct Trouble: Error, CustomStringConvertible { var description: String { "no mood for it" } }

    private let place: String

    init(parameters: ParameterValues) throws {
        place = parameters.choice("place")
        if place == "init" { throw Trouble() }
    }

    mutating func onParametersChanged(_ parameters: ParameterValues, context: StrategyContext) throws {
        if parameters.integer("live") != 0 { throw Trouble() }
    }

    func save() -> SavedState? { SavedState(version: 1, bytes: [1]) }

    mutating func load(_ state: SavedState, context: StrategyContext) throws {
        if place == "load" { throw Trouble() }
    }
}

/// Holds one unit behind a stop close below it, sends it anew when the market has left it behind, and buys again when it was
/// hit.
struct StopRider: Strategy {
    static let name = "stop_rider"
    static let summary = "Holds a position behind a stop"
    static let parameters: [ParameterDeclaration] = []

    init(parameters: ParameterValues) {}

    mutating func onQuote(_ quote: Quote, token: InstrumentToken, context: StrategyContext) {
        if let stop = context.openOrders(token).first {
            if stop.status == .accepted, stop.triggerPrice < quote.bid - Price(e8: 4_000_000) {
                context.cancel(stop.id)
            }
            return
        }
        if context.position(token).isFlat {
            context.submit(.market(.buy, Quantity(1), token))
        } else {
            let trigger = (quote.bid - Price(e8: 2_000_000)).roundedDown(to: Price(e8: 1_000_000))
            context.submit(.stop(.sell, Quantity(1), trigger: trigger, token, isReduceOnly: true))
        }
    }
}

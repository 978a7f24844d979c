import Tradewind

/// Well behaved: counts quotes and saves the count in the layout of its `version`, as programs of different age would; reads
/// its own layout and the one before, and refuses others.
struct Versioned: Strategy {
    static let name = "versioned"
    static let summary = "Saves its state in one of several layouts"
    static let parameters: [ParameterDeclaration] = [
        .integer("version", default: 1, range: 1...9, help: "the layout of its state")
    ]

    private let version: Int
    private var count = 0
    private var highest = Price.zero

    init(parameters: ParameterValues) { version = parameters.integer("version") }

    mutating func onQuote(_ quote: Quote, token: InstrumentToken, context: StrategyContext) {
        count += 1
        highest = max(highest, quote.bid)
        if count % 50 == 0 { context.submit(.limit(.buy, Quantity(1), Price(1), token, timeInForce: .ioc)) }
    }

    func save() -> SavedState? {
        var writer = StateWriter()
        writer.append(count)
        // What the second version added.
        if version >= 2 { writer.append(highest) }
        return writer.state(version: UInt32(version))
    }

    mutating func load(_ state: SavedState, context: StrategyContext) throws {
        var reader = StateReader(state)
        guard Int(state.version) == version || Int(state.version) == version - 1 else {
            throw StateError(
                "it is of version \(state.version), and this program knows \(version - 1) and \(version)")
        }
        count = try reader.read(Int.self)
        if state.version >= 2 { highest = try reader.read(Price.self) }
        context.log("took version \(state.version) as \(version): count \(count)")
    }
}

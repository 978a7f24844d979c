import Tradewind

/// Trades at every quote and keeps a count that survives its process: state in the journal, beside orders.
struct Keeper: Strategy {
    static let name = "keeper"
    static let summary = "Buys and sells in turns and saves how often"
    static let parameters: [ParameterDeclaration] = []

    private var count: UInt64 = 0

    init(parameters: ParameterValues) {}

    mutating func onQuote(_ quote: Quote, token: InstrumentToken, context: StrategyContext) {
        count += 1
        guard count % 8 == 0 else { return }
        let isFlat = context.position(token).isFlat
        context.submit(.market(isFlat ? .buy : .sell, Quantity(1), token))
        context.metric("count", Double(count))
    }

    func save() -> SavedState? {
        SavedState(version: 1, bytes: withUnsafeBytes(of: count.littleEndian) { Array($0) })
    }

    mutating func load(_ state: SavedState, context: StrategyContext) throws {
        count = state.bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
        context.log("kept count \(count)")
    }
}

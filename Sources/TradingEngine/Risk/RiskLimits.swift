public import TradingModel

/// What a strategy may do at most; `nil` means no limit. Checked before every order.
public struct RiskLimits: Equatable, Sendable {
    /// The largest quantity of one order.
    public var maxOrderQuantity: Quantity?
    /// The largest net position in one instrument, long or short, open orders counted as filled.
    public var maxPosition: Quantity?
    /// The largest price times quantity times multiplier of one order.
    public var maxOrderNotional: Money?
    /// The loss of equity since the start of the UTC day (or of the process) from which on only orders that
    /// reduce a position pass, until the next UTC day.
    public var maxDailyLoss: Money?
    /// The most orders within any second of engine time.
    public var maxOrdersPerSecond: Int?
    /// Whether resting orders are canceled when the strategy is paused.
    public var cancelOnPause: Bool

    /// Makes limits; none by default.
    public init(
        maxOrderQuantity: Quantity? = nil, maxPosition: Quantity? = nil, maxOrderNotional: Money? = nil,
        maxDailyLoss: Money? = nil, maxOrdersPerSecond: Int? = nil, cancelOnPause: Bool = false
    ) {
        self.maxOrderQuantity = maxOrderQuantity
        self.maxPosition = maxPosition
        self.maxOrderNotional = maxOrderNotional
        self.maxDailyLoss = maxDailyLoss
        self.maxOrdersPerSecond = maxOrdersPerSecond
        self.cancelOnPause = cancelOnPause
    }

    /// The names that inputs may have.
    public static let names = [
        "max_order_quantity", "max_position", "max_order_notional", "max_daily_loss", "max_orders_per_second",
        "cancel_on_pause",
    ]

    /// Makes limits from text.
    ///
    /// - Throws: all violations at once: unknown names, values that are not positive numbers, names given
    ///   twice.
    public init(inputs: [(name: String, text: String)]) throws(ParameterViolations) {
        self.init()
        var violations = ParameterViolations()
        for (position, input) in inputs.enumerated() {
            if inputs[..<position].contains(where: { $0.name == input.name }) {
                violations.add(input.name, "is given more than once")
            } else if let message = set(input.name, input.text) {
                violations.add(input.name, message)
            }
        }
        guard violations.isEmpty else { throw violations }
    }

    /// Sets one limit; returns what is wrong with it.
    private mutating func set(_ name: String, _ text: String) -> String? {
        switch name {
        case "max_order_quantity": return Self.assign(text, to: &maxOrderQuantity)
        case "max_position": return Self.assign(text, to: &maxPosition)
        case "max_order_notional": return Self.assign(text, to: &maxOrderNotional)
        case "max_daily_loss": return Self.assign(text, to: &maxDailyLoss)
        case "max_orders_per_second":
            guard let value = Int(text), (1...Limits.ordersPerSecondMax).contains(value) else {
                return "'\(text)' is not a whole number within 1...\(Limits.ordersPerSecondMax)"
            }
            maxOrdersPerSecond = value
            return nil
        case "cancel_on_pause":
            guard case .flag(let value) = ParameterDeclaration.Domain.flag.parse(text) else {
                return "'\(text)' is not true or false"
            }
            cancelOnPause = value
            return nil
        default: return ParameterValues.unknownMessage(name, known: Self.names)
        }
    }

    private static func assign<Value: FixedPoint>(_ text: String, to limit: inout Value?) -> String? {
        guard let value = Value(text), value > .zero else { return "'\(text)' is not a decimal above zero" }
        limit = value
        return nil
    }
}

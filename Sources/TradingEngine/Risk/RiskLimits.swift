public import TradingModel

/// What a strategy may do at most; `nil` means no limit. Checked before every order, and live-changeable.
///
/// Amounts are in the account's currency, quantities in units of the instrument.
public struct RiskLimits: Equatable, Sendable {
    /// What happens when the day's loss or the drawdown has reached its limit.
    public enum BreachAction: String, Sendable, CaseIterable {
        /// Every new order is denied; cancels pass and resting orders stay.
        case deny
        /// Only orders that reduce a position pass.
        case reduce
        /// All orders are canceled, all positions closed, and trading is halted until an operator resumes it.
        case flattenAndHalt = "flatten_and_halt"
    }

    /// The smallest and the largest quantity of one order.
    public var minOrderQuantity: Quantity?
    public var maxOrderQuantity: Quantity?
    /// The largest price times quantity times multiplier of one order.
    public var maxOrderNotional: Money?
    /// The largest net position in one instrument, long or short, open orders counted as filled.
    public var maxPosition: Quantity?
    /// The largest value of the position in one instrument, open orders counted as filled, at the order's price.
    public var maxPositionNotional: Money?
    /// The largest sum of the values of all positions, long and short added up, this order counted as filled.
    public var maxTotalNotional: Money?
    /// The most orders open at once.
    public var maxOpenOrders: Int?
    /// The most orders within any second, and within any minute, of engine time.
    public var maxOrdersPerSecond: Int?
    public var maxOrdersPerMinute: Int?
    /// How far an order's price may be from the mid of the last quote (else the last price), in percent; for a market
    /// order the price that it would meet.
    public var priceCollarPercent: Quantity?
    /// The loss of equity since the start of the UTC day (or of the process, or since trading was resumed) at which
    /// `breachAction` is taken, until the next UTC day.
    public var maxDailyLoss: Money?
    /// The fall of equity from its peak (since the process began, or since trading was resumed) at which
    /// `breachAction` is taken, until trading is resumed.
    public var maxDrawdown: Money?
    public var breachAction: BreachAction
    /// Whether resting orders are canceled when the strategy is paused.
    public var cancelOnPause: Bool

    /// Makes limits; none by default.
    public init(
        minOrderQuantity: Quantity? = nil, maxOrderQuantity: Quantity? = nil, maxPosition: Quantity? = nil,
        maxOrderNotional: Money? = nil, maxPositionNotional: Money? = nil, maxTotalNotional: Money? = nil,
        maxOpenOrders: Int? = nil, maxDailyLoss: Money? = nil, maxDrawdown: Money? = nil,
        breachAction: BreachAction = .reduce, maxOrdersPerSecond: Int? = nil, maxOrdersPerMinute: Int? = nil,
        priceCollarPercent: Quantity? = nil, cancelOnPause: Bool = false
    ) {
        self.minOrderQuantity = minOrderQuantity
        self.maxOrderQuantity = maxOrderQuantity
        self.maxPosition = maxPosition
        self.maxOrderNotional = maxOrderNotional
        self.maxPositionNotional = maxPositionNotional
        self.maxTotalNotional = maxTotalNotional
        self.maxOpenOrders = maxOpenOrders
        self.maxDailyLoss = maxDailyLoss
        self.maxDrawdown = maxDrawdown
        self.breachAction = breachAction
        self.maxOrdersPerSecond = maxOrdersPerSecond
        self.maxOrdersPerMinute = maxOrdersPerMinute
        self.priceCollarPercent = priceCollarPercent
        self.cancelOnPause = cancelOnPause
    }

    /// The names that inputs may have.
    public static let names = [
        "min_order_quantity", "max_order_quantity", "max_order_notional", "max_position",
        "max_position_notional",
        "max_total_notional", "max_open_orders", "max_orders_per_second", "max_orders_per_minute",
        "price_collar_percent", "max_daily_loss", "max_drawdown", "breach_action", "cancel_on_pause",
    ]

    /// Makes limits from text.
    ///
    /// - Throws: all violations at once: unknown names, values that are not positive numbers, names given
    ///   twice, a smallest quantity above the largest.
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
        if let smallest = minOrderQuantity, let largest = maxOrderQuantity, smallest > largest {
            violations.add("min_order_quantity", "\(smallest) is above max_order_quantity, \(largest)")
        }
        guard violations.isEmpty else { throw violations }
    }

    /// Sets one limit; returns what is wrong with it.
    private mutating func set(_ name: String, _ text: String) -> String? {
        switch name {
        case "min_order_quantity": return Self.assign(text, to: &minOrderQuantity)
        case "max_order_quantity": return Self.assign(text, to: &maxOrderQuantity)
        case "max_order_notional": return Self.assign(text, to: &maxOrderNotional)
        case "max_position": return Self.assign(text, to: &maxPosition)
        case "max_position_notional": return Self.assign(text, to: &maxPositionNotional)
        case "max_total_notional": return Self.assign(text, to: &maxTotalNotional)
        case "max_open_orders": return Self.assign(text, to: &maxOpenOrders, 1...Limits.openOrdersMax)
        case "max_orders_per_second":
            return Self.assign(text, to: &maxOrdersPerSecond, 1...Limits.ordersPerSecondMax)
        case "max_orders_per_minute":
            return Self.assign(text, to: &maxOrdersPerMinute, 1...Limits.ordersPerMinuteMax)
        case "price_collar_percent": return Self.assign(text, to: &priceCollarPercent)
        case "max_daily_loss": return Self.assign(text, to: &maxDailyLoss)
        case "max_drawdown": return Self.assign(text, to: &maxDrawdown)
        case "breach_action":
            guard let action = BreachAction(rawValue: text) else {
                let words = BreachAction.allCases.map(\.rawValue).joined(separator: ", ")
                return "'\(text)' is not one of \(words)"
            }
            breachAction = action
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

    private static func assign(_ text: String, to limit: inout Int?, _ range: ClosedRange<Int>) -> String? {
        guard let value = Int(text), range.contains(value) else {
            return "'\(text)' is not a whole number within \(range)"
        }
        limit = value
        return nil
    }
}

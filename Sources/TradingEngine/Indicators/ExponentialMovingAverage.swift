/// A mean of a series in which each older value counts less by a constant factor.
public struct ExponentialMovingAverage: Sendable {
    /// The weight of the newest value, `2 / (length + 1)`.
    public let weight: Double
    private let length: Int
    private var count = 0
    /// The average; zero before the first value, which it starts from.
    public private(set) var value = 0.0

    /// Traps when the length is not positive.
    public init(length: Int) {
        precondition(length > 0, "an average has at least one value")
        self.length = length
        weight = 2 / (Double(length) + 1)
    }

    /// Whether as many values were added as the length.
    public var isReady: Bool { count == length }

    /// Adds the next value of the series.
    public mutating func add(_ newValue: Double) {
        value = count == 0 ? newValue : value + weight * (newValue - value)
        if count < length { count += 1 }
    }
}

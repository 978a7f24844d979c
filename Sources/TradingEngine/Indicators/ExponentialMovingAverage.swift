/// A mean of a series in which each older value counts less by a constant factor.
///
/// TA-Lib's EMA: the first value is the plain mean of the first `length` values, after that
/// `previous + weight × (value - previous)`. `Seed.firstValue` is the convention of Metastock and of pandas'
/// `ewm(adjust=False)`, which starts from the first value alone. Values must be finite.
public struct ExponentialMovingAverage: Sendable, StateSaving {
    /// What the average starts from.
    public enum Seed: Sendable {
        /// The mean of the first `length` values, as in TA-Lib.
        case average
        /// The first value.
        case firstValue
    }

    /// The weight of the newest value, `2 / (length + 1)` unless given.
    public let weight: Double
    private let length: Int
    private let seed: Seed
    private var count = 0
    private var sum = 0.0
    /// The average; zero before the first value, before it is ready what it starts from so far.
    public private(set) var value = 0.0

    /// Traps when the length is not positive.
    public init(length: Int, seed: Seed = .average) {
        self.init(length: length, weight: 2 / (Double(length) + 1), seed: seed)
    }

    /// An average with a weight of its own; Wilder's has `1 / length`.
    init(length: Int, weight: Double, seed: Seed) {
        precondition(length > 0, "an average has at least one value")
        self.length = length
        self.weight = weight
        self.seed = seed
    }

    /// Whether as many values were added as the length.
    public var isReady: Bool { count == length }

    /// Adds the next value of the series.
    public mutating func add(_ newValue: Double) {
        if count == length {
            value += weight * (newValue - value)
            return
        }
        count += 1
        switch seed {
        case .average:
            sum += newValue
            value = sum / Double(count)
        case .firstValue:
            value = count == 1 ? newValue : value + weight * (newValue - value)
        }
    }

    public func save(to writer: inout StateWriter) {
        writer.append(length)
        writer.append(count)
        writer.append(sum)
        writer.append(value)
    }

    public mutating func load(from reader: inout StateReader) throws(StateError) {
        try reader.expect(length, "length")
        count = try reader.read(in: 0...length)
        sum = try reader.read(Double.self)
        value = try reader.read(Double.self)
    }
}

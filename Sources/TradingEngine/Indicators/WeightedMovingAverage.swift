/// The mean of the last values of a series with weights 1, 2, … from the oldest to the newest.
///
/// TA-Lib's WMA, ready with the value number `length`; before that the same of the values there are. Constant
/// time, no allocation; as in `RollingSum` both sums are replaced by fresh ones once a length, so that rounding
/// errors do not pile up. Values must be finite.
public struct WeightedMovingAverage: Sendable, StateSaving {
    private var values: [Double]
    private var next = 0
    private var sum = 0.0
    private var weighted = 0.0
    private var freshSum = 0.0
    private var freshWeighted = 0.0
    /// Whether as many values were added as the length.
    public private(set) var isReady = false
    /// The average; zero before the first value.
    public private(set) var value = 0.0

    /// Traps when the length is not positive.
    public init(length: Int) {
        precondition(length > 0, "an average has at least one value")
        values = Array(repeating: 0, count: length)
    }

    /// Adds the next value of the series.
    public mutating func add(_ newValue: Double) {
        let length = Double(values.count)
        let place = next
        freshSum += newValue
        freshWeighted += Double(place + 1) * newValue
        if isReady {
            // Every weight goes down by one, the oldest to nothing.
            weighted += length * newValue - sum
            sum += newValue - values[place]
        } else {
            weighted = freshWeighted
            sum = freshSum
        }
        values[place] = newValue
        next = place + 1
        var divisor = length * (length + 1) / 2
        if next == values.count {
            next = 0
            isReady = true
            weighted = freshWeighted
            sum = freshSum
            freshWeighted = 0
            freshSum = 0
        } else if !isReady {
            divisor = Double(next) * Double(next + 1) / 2
        }
        value = weighted / divisor
    }

    public func save(to writer: inout StateWriter) {
        writer.append(values)
        writer.append(next)
        for number in [sum, weighted, freshSum, freshWeighted, value] { writer.append(number) }
        writer.append(isReady)
    }

    public mutating func load(from reader: inout StateReader) throws(StateError) {
        try reader.read(into: &values)
        next = try reader.read(in: 0...values.count - 1)
        sum = try reader.read(Double.self)
        weighted = try reader.read(Double.self)
        freshSum = try reader.read(Double.self)
        freshWeighted = try reader.read(Double.self)
        value = try reader.read(Double.self)
        isReady = try reader.read(Bool.self)
    }
}

/// Wilder's smoothing: the mean of the first values, then each new one counts `1 / length`.
struct WilderAverage: Sendable, StateSaving {
    private let length: Int
    private var count = 0
    private var sum = 0.0
    /// The average; zero before it is ready.
    private(set) var value = 0.0

    /// Traps when the length is not positive.
    init(length: Int) {
        precondition(length > 0, "an average has at least one value")
        self.length = length
    }

    var isReady: Bool { count == length }

    mutating func add(_ newValue: Double) {
        if count == length {
            value = (value * Double(length - 1) + newValue) / Double(length)
            return
        }
        count += 1
        sum += newValue
        if count == length { value = sum / Double(length) }
    }

    func save(to writer: inout StateWriter) {
        writer.append(length)
        writer.append(count)
        writer.append(sum)
        writer.append(value)
    }

    mutating func load(from reader: inout StateReader) throws(StateError) {
        try reader.expect(length, "length")
        count = try reader.read(in: 0...length)
        sum = try reader.read(Double.self)
        value = try reader.read(Double.self)
    }
}

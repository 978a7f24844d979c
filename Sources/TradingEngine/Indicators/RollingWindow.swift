/// The last values of a series, in a ring of fixed length, with their mean and squared deviations.
///
/// Both are updated by Welford's formulae. A second pair is built from nothing along the ring and takes the
/// first one's place when the ring has gone round, as in `RollingSum`: strictly constant time, no allocation, no
/// drift. A window of equal values has a variance of exactly zero, which what is left of rounding errors would
/// hide. Values must be finite.
struct RollingWindow: Sendable, StateSaving {
    /// Welford's running mean and sum of squared deviations of a growing series.
    private struct Moments {
        var count = 0
        var mean = 0.0
        var squaredDeviations = 0.0

        mutating func add(_ value: Double) {
            count += 1
            let difference = value - mean
            mean += difference / Double(count)
            squaredDeviations += difference * (value - mean)
        }
    }

    private var values: [Double]
    private var next = 0
    /// How many of the newest values are equal, up to the length.
    private var equalCount = 0
    private var last = 0.0
    private var moments = Moments()
    private var fresh = Moments()

    /// Traps when the length is not positive.
    init(length: Int) {
        precondition(length > 0, "a window has at least one value")
        values = Array(repeating: 0, count: length)
    }

    var isFull: Bool { moments.count == values.count }
    var mean: Double { moments.mean }

    /// The mean squared distance from the mean; never negative.
    var variance: Double {
        equalCount >= moments.count ? 0 : max(moments.squaredDeviations, 0) / Double(moments.count)
    }

    mutating func add(_ value: Double) {
        let place = next
        let oldest = values[place]
        values[place] = value
        equalCount = value == last ? min(equalCount + 1, values.count) : 1
        last = value
        fresh.add(value)
        if moments.count < values.count {
            moments = fresh
        } else {
            let meanBefore = moments.mean
            moments.mean += (value - oldest) / Double(values.count)
            moments.squaredDeviations += (value - oldest) * (value - moments.mean + oldest - meanBefore)
        }
        next = place + 1
        if next == values.count {
            next = 0
            moments = fresh
            fresh = Moments()
        }
    }

    func save(to writer: inout StateWriter) {
        writer.append(values)
        writer.append(next)
        writer.append(equalCount)
        writer.append(last)
        for part in [moments, fresh] {
            writer.append(part.count)
            writer.append(part.mean)
            writer.append(part.squaredDeviations)
        }
    }

    mutating func load(from reader: inout StateReader) throws(StateError) {
        try reader.read(into: &values)
        next = try reader.read(in: 0...values.count - 1)
        equalCount = try reader.read(in: 0...values.count)
        last = try reader.read(Double.self)
        moments = try Self.moments(from: &reader, countMax: values.count)
        fresh = try Self.moments(from: &reader, countMax: values.count)
    }

    private static func moments(from reader: inout StateReader, countMax: Int) throws(StateError) -> Moments {
        Moments(
            count: try reader.read(in: 0...countMax), mean: try reader.read(Double.self),
            squaredDeviations: try reader.read(Double.self))
    }
}

/// The largest of the last values of a series, or the smallest.
///
/// A monotonic queue in a ring of fixed length: every value enters once and leaves once, so an update takes
/// constant time on average, and there is no allocation.
struct RollingExtreme: Sendable, StateSaving {
    private let isMaximum: Bool
    /// Those that may still become the extreme, from `head` on in order of age, better ones first.
    private var values: [Double]
    /// The number in the series of each.
    private var numbers: [Int]
    private var head = 0
    private var candidateCount = 0
    /// Values added.
    private var addedCount = 0

    /// Traps when the length is not positive.
    init(length: Int, isMaximum: Bool) {
        precondition(length > 0, "a window has at least one value")
        self.isMaximum = isMaximum
        values = Array(repeating: 0, count: length)
        numbers = Array(repeating: 0, count: length)
    }

    var isFull: Bool { addedCount >= values.count }

    /// The extreme of the values in the window; zero before the first.
    var value: Double { candidateCount == 0 ? 0 : values[head] }

    mutating func add(_ value: Double) {
        let length = values.count
        if candidateCount > 0, numbers[head] <= addedCount - length {
            head = head + 1 == length ? 0 : head + 1
            candidateCount -= 1
        }
        while candidateCount > 0 {
            let last = values[place(candidateCount - 1)]
            guard isMaximum ? last <= value : last >= value else { break }
            candidateCount -= 1
        }
        let end = place(candidateCount)
        values[end] = value
        numbers[end] = addedCount
        candidateCount += 1
        addedCount += 1
    }

    private func place(_ offset: Int) -> Int {
        let sum = head + offset
        return sum >= values.count ? sum - values.count : sum
    }

    func save(to writer: inout StateWriter) {
        writer.append(values)
        for number in numbers { writer.append(number) }
        writer.append(head)
        writer.append(candidateCount)
        writer.append(addedCount)
    }

    mutating func load(from reader: inout StateReader) throws(StateError) {
        try reader.read(into: &values)
        for index in numbers.indices { numbers[index] = try reader.read(Int.self) }
        head = try reader.read(in: 0...values.count - 1)
        candidateCount = try reader.read(in: 0...values.count)
        addedCount = try reader.read(in: 0...Int.max / 2)
    }
}

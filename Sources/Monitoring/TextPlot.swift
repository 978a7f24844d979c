/// A line over time in Braille characters, two by four dots each, with labels at the left.
package struct TextPlot {
    private let points: [(x: Double, y: Double)]

    /// Takes points in the order of x.
    package init(_ points: [(x: Double, y: Double)]) { self.points = points }

    /// The plot in as many columns and lines; empty without points. Traps under 20 columns or 2 lines.
    package func rendered(width: Int, height: Int) -> String {
        precondition(width >= 20 && height >= 2, "a plot has at least 20 columns and 2 lines")
        guard let first = points.first, let last = points.last else { return "" }
        var low = points.map(\.y).min() ?? 0
        var high = points.map(\.y).max() ?? 0
        if low == high {
            low -= max(abs(low) * 0.001, 0.5)
            high += max(abs(high) * 0.001, 0.5)
        }
        let labels = Self.labels(low, high, height)
        let margin = labels.map(\.count).max() ?? 0
        let columns = max(4, width - margin - 2)
        var dots = [UInt8](repeating: 0, count: columns * height)
        func set(_ x: Int, _ y: Int) {
            // The order of dots in a Braille character: 1 2 3 7 down the left, 4 5 6 8 down the right.
            let bits: [[UInt8]] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]]
            dots[y / 4 * columns + x / 2] |= bits[x % 2][y % 4]
        }
        var previous: (x: Int, y: Int)?
        for point in points {
            let share = last.x == first.x ? 0 : (point.x - first.x) / (last.x - first.x)
            let x = Int((share * Double(columns * 2 - 1)).rounded())
            let y = Int(((high - point.y) / (high - low) * Double(height * 4 - 1)).rounded())
            let from = previous ?? (x, y)
            let steps = max(abs(x - from.x), abs(y - from.y), 1)
            for step in 0...steps {
                set(from.x + (x - from.x) * step / steps, from.y + (y - from.y) * step / steps)
            }
            previous = (x, y)
        }
        return (0..<height).map { line in
            let cells = dots[line * columns..<(line + 1) * columns].map {
                Character(Unicode.Scalar(0x2800 + UInt32($0)) ?? " ")
            }
            let label = labels[line]
            return String(repeating: " ", count: margin - label.count) + label + " │" + String(cells)
        }.joined(separator: "\n")
    }

    /// The values of the first, the middle and the last line.
    private static func labels(_ low: Double, _ high: Double, _ height: Int) -> [String] {
        let span = high - low
        let places = span >= 100 ? 0 : span >= 1 ? 2 : span >= 0.01 ? 4 : 8
        return (0..<height).map { line in
            guard line == 0 || line == height - 1 || line == height / 2 else { return "" }
            return decimal(high - span * Double(line) / Double(height - 1), places: places)
        }
    }
}

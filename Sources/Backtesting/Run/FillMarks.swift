package import TradingModel

/// Fills for charts in constant memory: all of them, or every second, fourth and so on of very many.
package struct FillMarks: Sendable {
    /// One fill.
    package struct Mark: Equatable, Sendable {
        package var time: Timestamp
        package var token: InstrumentToken
        package var side: Side
        package var price: Price
    }

    /// In order.
    package private(set) var marks: [Mark] = []
    /// One of so many is kept.
    package private(set) var stride = 1
    private var count = 0

    mutating func add(_ fill: Fill) {
        defer { count += 1 }
        guard count % stride == 0 else { return }
        marks.append(Mark(time: fill.time, token: fill.token, side: fill.side, price: fill.price))
        guard marks.count > Limits.fillMarksMax else { return }
        stride *= 2
        marks = marks.indices.filter { $0 % 2 == 0 }.map { marks[$0] }
    }
}

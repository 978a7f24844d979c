package import TradingModel

/// Fills for charts in little memory: all of them, or of very many every second, fourth and so on of each side and
/// instrument, of which the first is always kept.
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

    mutating func add(_ fill: Fill) {
        guard count(fill.token, fill.side) % stride == 0 else { return }
        marks.append(Mark(time: fill.time, token: fill.token, side: fill.side, price: fill.price))
        // More instruments than marks leave nothing to thin.
        guard marks.count > max(Limits.fillMarksMax, 2 * groups.count) else { return }
        stride *= 2
        // Buys and sells mostly take turns: every other one of all would leave one side only.
        var places: [Group] = []
        marks = marks.filter { Self.next($0.token, $0.side, &places) % 2 == 0 }
    }

    private struct Group {
        var token: InstrumentToken
        var side: Side
        var count = 0
    }

    private var groups: [Group] = []

    private mutating func count(_ token: InstrumentToken, _ side: Side) -> Int {
        Self.next(token, side, &groups)
    }

    /// How many of a group came before.
    private static func next(_ token: InstrumentToken, _ side: Side, _ groups: inout [Group]) -> Int {
        guard let index = groups.firstIndex(where: { $0.token == token && $0.side == side }) else {
            groups.append(Group(token: token, side: side, count: 1))
            return 0
        }
        defer { groups[index].count += 1 }
        return groups[index].count
    }
}

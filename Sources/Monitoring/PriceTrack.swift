package import TradingModel

/// The prices of one instrument as they come, in pieces of equal time that grow with the time there is. Bounded.
package struct PriceTrack: Equatable, Sendable {
    /// What happened within one piece.
    package struct Point: Equatable, Sendable {
        package var time: Timestamp
        package var low: Price
        package var high: Price
        package var last: Price
    }

    /// Pieces that are kept; at the bound two and two become one.
    package static let pointsMax = 600

    /// Oldest first.
    package private(set) var points: [Point] = []
    private var length: Int64 = 1_000_000_000

    /// Has seen nothing.
    package init() {}

    /// Takes a record's price: the mid of a quote, the price of a trade, the close of a bar; others are ignored. A record
    /// that is older than the last piece begins the track anew: a replay that began again.
    package mutating func take(_ event: MarketEvent) {
        let price: Price
        switch event.kind {
        case .quote: price = event.quote.mid
        case .trade: price = event.trade.price
        case .bar: price = Price(e8: event.word3)
        default: return
        }
        let start = Timestamp(nanoseconds: event.receiveTime.nanoseconds / length * length)
        guard let last = points.indices.last else { return points = [Point(time: start, price)] }
        if start == points[last].time { return points[last].take(price) }
        if start < points[last].time { points = [] }
        points.append(Point(time: start, price))
        if points.count > Self.pointsMax { halve() }
    }

    private mutating func halve() {
        length *= 2
        var halved: [Point] = []
        for var point in points {
            point.time = Timestamp(nanoseconds: point.time.nanoseconds / length * length)
            guard let last = halved.last, last.time == point.time else {
                halved.append(point)
                continue
            }
            point.low = min(point.low, last.low)
            point.high = max(point.high, last.high)
            halved[halved.count - 1] = point
        }
        points = halved
    }
}

extension PriceTrack.Point {
    fileprivate init(time: Timestamp, _ price: Price) {
        self.init(time: time, low: price, high: price, last: price)
    }

    fileprivate mutating func take(_ price: Price) {
        low = min(low, price)
        high = max(high, price)
        last = price
    }
}

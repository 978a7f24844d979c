package import TradingModel

/// The prices of one instrument over time, gathered into columns of equal length for a picture. Constant memory.
package struct PriceSeries: Sendable {
    /// What happened within one column's time.
    package struct Column: Equatable, Sendable {
        package var low: Price, high: Price, last: Price
    }

    /// From left to right; `nil` where nothing happened.
    package private(set) var columns: [Column?]
    /// The time from the left to the right edge.
    package let start: Timestamp, end: Timestamp
    private let token: InstrumentToken

    /// Reads files; a column covers an equal part of the time from the first to the last record of the instrument.
    ///
    /// A quote counts with its mid price, a bar with its low, high and close.
    package init(
        paths: [String], token: InstrumentToken, filter: TickFileCopy.Filter, columnCount: Int
    ) throws(MarketDataError) {
        self.token = token
        columns = Array(repeating: nil, count: max(1, columnCount))
        let reader = try MergedTickReader(paths: paths, tornTail: .leaveOut)
        var first: Timestamp?
        var last = Timestamp.epoch
        while let run = try reader.nextRun() {
            for event in run where Self.price(of: event) != nil && event.token == token && filter.takes(event)
            {
                if first == nil { first = event.receiveTime }
                last = event.receiveTime
            }
        }
        start = first ?? .epoch
        end = last
        guard first != nil else { return }
        try reader.rewind()
        while let run = try reader.nextRun() {
            for event in run where event.token == token && filter.takes(event) { add(event) }
        }
    }

    /// Lowest and highest price; `nil` without any.
    package var range: ClosedRange<Price>? {
        let used = columns.compactMap { $0 }
        guard let low = used.map(\.low).min(), let high = used.map(\.high).max() else { return nil }
        return low...high
    }

    private mutating func add(_ event: MarketEvent) {
        guard let (low, high, close) = Self.price(of: event) else { return }
        let length = Double(end.nanoseconds - start.nanoseconds)
        let place = length > 0 ? Double(event.receiveTime.nanoseconds - start.nanoseconds) / length : 0
        let index = min(columns.count - 1, Int(place * Double(columns.count)))
        guard let column = columns[index] else {
            columns[index] = Column(low: low, high: high, last: close)
            return
        }
        columns[index] = Column(low: min(column.low, low), high: max(column.high, high), last: close)
    }

    private static func price(of event: MarketEvent) -> (low: Price, high: Price, close: Price)? {
        switch event.kind {
        case .quote: (event.quote.mid, event.quote.mid, event.quote.mid)
        case .trade: (event.trade.price, event.trade.price, event.trade.price)
        case .bar: (Price(e8: event.word2), Price(e8: event.word1), Price(e8: event.word3))
        default: nil
        }
    }

    /// Draws the series, low to high of every column, with lines at quarters of the range.
    package func image(width: Int, height: Int) -> PNGImage {
        var image = PNGImage(width: width, height: height, background: .init(255, 255, 255))
        guard let range else { return image }
        func y(_ price: Price) -> Int {
            let span = Double(range.upperBound.e8 - range.lowerBound.e8)
            guard span > 0 else { return height / 2 }
            return Int((Double(range.upperBound.e8 - price.e8) / span * Double(height - 11)).rounded()) + 5
        }
        for quarter in 0...4 {
            let line = 5 + (height - 11) * quarter / 4
            for x in stride(from: 0, to: width, by: 2) { image.set(x, line, .init(220, 220, 220)) }
        }
        var previous: Price?
        for x in 0..<width {
            guard let column = columns[x * columns.count / width] else { continue }
            let low = previous.map { min($0, column.low) } ?? column.low
            let high = previous.map { max($0, column.high) } ?? column.high
            image.column(x, from: y(high), through: y(low), .init(31, 95, 153))
            previous = column.last
        }
        return image
    }

    /// Draws the series with characters; prices stand at the left.
    package func text(height: Int) -> String {
        guard let range else { return "no prices" }
        let rows = max(2, height)
        let span = Double(range.upperBound.e8 - range.lowerBound.e8)
        func row(_ price: Price) -> Int {
            span > 0
                ? Int((Double(range.upperBound.e8 - price.e8) / span * Double(rows - 1)).rounded()) : rows / 2
        }
        var grid = Array(repeating: Array(repeating: Character(" "), count: columns.count), count: rows)
        for (x, column) in columns.enumerated() {
            guard let column else { continue }
            for y in row(column.high)...row(column.low) { grid[y][x] = "│" }
            grid[row(column.last)][x] = "•"
        }
        let labels = (0..<rows).map { index in
            Price(e8: range.upperBound.e8 - Int64(span * Double(index) / Double(rows - 1))).description
        }
        let width = labels.map(\.count).max() ?? 0
        var lines = grid.indices.map { index in
            String(repeating: " ", count: width - labels[index].count) + labels[index] + " ┤"
                + String(grid[index])
        }
        let left = start.iso8601(fractionDigits: 0)
        let right = end.iso8601(fractionDigits: 0)
        let gap = max(1, columns.count - left.count - right.count)
        lines.append(
            String(repeating: " ", count: width + 2) + left + String(repeating: " ", count: gap) + right)
        return lines.joined(separator: "\n")
    }
}

public import TradingModel

/// How much more is bid than offered: `(bid size - ask size) / (bid size + ask size)`, -1 to 1, averaged over the
/// last quotes.
///
/// Quotes without sizes count as balanced. Ready with the quote number `length`. TA-Lib has none.
public struct OrderBookImbalance: Sendable, StateSaving {
    private var average: SimpleMovingAverage
    /// The imbalance of the last quote alone.
    public private(set) var latest = 0.0

    /// Averages the last `length` quotes; 1 is the last one alone. Traps when that is not positive.
    public init(length: Int = 1) { average = SimpleMovingAverage(length: length) }

    /// Whether as many quotes were added as the length.
    public var isReady: Bool { average.isReady }

    /// The average; zero before the first quote.
    public var value: Double { average.value }

    /// Adds the sizes of a quote.
    public mutating func add(_ quote: Quote) {
        add(bidSize: quote.bidSize.doubleValue, askSize: quote.askSize.doubleValue)
    }

    /// Adds quantities of the two sides, of one level or summed over several; finite and not negative.
    public mutating func add(bidSize: Double, askSize: Double) {
        let total = bidSize + askSize
        latest = total > 0 ? (bidSize - askSize) / total : 0
        average.add(latest)
    }

    public func save(to writer: inout StateWriter) {
        writer.append(average)
        writer.append(latest)
    }

    public mutating func load(from reader: inout StateReader) throws(StateError) {
        try reader.read(into: &average)
        latest = try reader.read(Double.self)
    }
}

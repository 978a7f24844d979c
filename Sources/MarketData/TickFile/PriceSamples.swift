package import TradingModel

/// Prices of one instrument from a few places of a tick file, for a picture of a day of any size.
///
/// Reads at most as many blocks as points are wanted, spread evenly over the file, so that its cost does not grow with the
/// file: of every block the last price. A block without the instrument gives none.
package enum PriceSamples {
    /// A price and when it was received.
    package struct Point: Equatable, Sendable {
        package var time: Timestamp
        package var price: Price
    }

    /// The points in the order of the file, which may be one that is being written; none when the instrument is not in it.
    package static func points(
        path: String, token: InstrumentToken, count: Int
    ) throws(MarketDataError) -> [Point] {
        var reader = try TickFileReader(path: path, tornTail: .leaveOut)
        guard reader.header.instruments.contains(where: { $0.token == token }), count > 0 else { return [] }
        let step = max(1, (reader.blockCount + count - 1) / count)
        var points: [Point] = []
        for index in stride(from: 0, to: reader.blockCount, by: step) {
            reader.seek(toBlock: index)
            guard let block = try reader.nextBlock() else { break }
            for event in block.reversed() where event.token == token {
                guard let price = price(of: event) else { continue }
                points.append(Point(time: event.receiveTime, price: price))
                break
            }
        }
        return points
    }

    /// The mid of a quote, the price of a trade, the close of a bar.
    package static func price(of event: MarketEvent) -> Price? {
        switch event.kind {
        case .quote: event.quote.mid
        case .trade: event.trade.price
        case .bar: Price(e8: event.word3)
        default: nil
        }
    }
}

package import TradingModel

/// A round trip: from flat to a position and back to flat, or through it to the other side.
package struct BacktestTrade: Equatable, Sendable {
    package var token: InstrumentToken
    /// `.buy` for a long trip.
    package var side: Side
    /// Everything that was entered, in quantity.
    package var quantity: Quantity
    /// Volume-weighted entry and exit prices, rounded to 10^-8.
    package var entryPrice: Price
    package var exitPrice: Price
    package var entryTime: Timestamp
    package var exitTime: Timestamp
    /// Gross realised PnL.
    package var realizedPnL: Money
    package var fees: Money
    /// The index of the strategy in its backtest.
    package var strategy = 0

    package init(
        token: InstrumentToken, side: Side, quantity: Quantity, entryPrice: Price, exitPrice: Price,
        entryTime: Timestamp, exitTime: Timestamp, realizedPnL: Money, fees: Money, strategy: Int = 0
    ) {
        self.token = token
        self.side = side
        self.quantity = quantity
        self.entryPrice = entryPrice
        self.exitPrice = exitPrice
        self.entryTime = entryTime
        self.exitTime = exitTime
        self.realizedPnL = realizedPnL
        self.fees = fees
        self.strategy = strategy
    }

    /// Realised PnL minus fees.
    package var netPnL: Money { realizedPnL - fees }
}

/// Groups fills into round trips.
package struct TradeBuilder {
    private struct Leg {
        var quantity: Int128 = 0
        var value: Int128 = 0
        /// The price of all of it, as long as that is one: most trips have one fill at each end, and a division of 128 bits
        /// takes longer than the rest of the trip.
        var onePrice = Price.zero
        var hasOnePrice = true

        mutating func add(_ quantity: Quantity, at price: Price) {
            if self.quantity == 0 { onePrice = price } else if price != onePrice { hasOnePrice = false }
            self.quantity += Int128(quantity.e8)
            value += Int128(quantity.e8) * Int128(price.e8)
        }

        var price: Price {
            if hasOnePrice { return onePrice }
            return Price(e8: Int64((value + quantity / 2) / quantity))
        }
    }

    private struct OpenTrip {
        var token: InstrumentToken
        var side: Side
        var entryTime: Timestamp
        var entry = Leg()
        var exit = Leg()
        var realizedPnL = Money.zero
        var fees = Money.zero
    }

    /// Closed round trips, in the order of their exits, since they were last taken.
    package private(set) var trades: [BacktestTrade] = []
    private var open: [OpenTrip] = []

    package init() {}

    /// Whether any position is open.
    package var isOpen: Bool { !open.isEmpty }

    /// Gives the closed round trips away.
    package mutating func takeTrades(into taken: inout [BacktestTrade]) {
        taken.append(contentsOf: trades)
        trades.removeAll(keepingCapacity: true)
    }

    /// Adds a fill; those of one account in their order.
    package mutating func add(_ fill: Fill) {
        let change = fill.side == .buy ? fill.quantity : -fill.quantity
        let before = fill.positionAfter - change
        let isTurned =
            !before.isZero && !fill.positionAfter.isZero
            && (before > .zero) != (fill.positionAfter > .zero)
        // A fill through flat closes one trip and opens the next; its fee is shared by quantity.
        let closingQuantity = isTurned ? before.magnitude : fill.quantity
        let closingFee =
            isTurned && !fill.fee.isZero
            ? Money(e8: Int64(Int128(fill.fee.e8) * Int128(closingQuantity.e8) / Int128(fill.quantity.e8)))
            : fill.fee
        let index = open.firstIndex { $0.token == fill.token } ?? begin(fill)
        if fill.side == open[index].side {
            open[index].entry.add(fill.quantity, at: fill.price)
        } else {
            open[index].exit.add(closingQuantity, at: fill.price)
        }
        open[index].realizedPnL += fill.realizedPnL
        open[index].fees += closingFee
        guard fill.positionAfter.isZero || isTurned else { return }
        close(index, at: fill.time)
        if isTurned {
            let next = begin(fill)
            open[next].entry.add(fill.positionAfter.magnitude, at: fill.price)
            open[next].fees += fill.fee - closingFee
        }
    }

    private mutating func begin(_ fill: Fill) -> Int {
        open.append(OpenTrip(token: fill.token, side: fill.side, entryTime: fill.time))
        return open.count - 1
    }

    private mutating func close(_ index: Int, at time: Timestamp) {
        let trip = open.remove(at: index)
        trades.append(
            BacktestTrade(
                token: trip.token, side: trip.side, quantity: Quantity(e8: Int64(trip.entry.quantity)),
                entryPrice: trip.entry.price, exitPrice: trip.exit.price, entryTime: trip.entryTime,
                exitTime: time,
                realizedPnL: trip.realizedPnL, fees: trip.fees))
    }
}

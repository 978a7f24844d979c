import TradingEngine
import TradingModel

/// Computes the state at the end of a journal file from its checkpoint and what follows.
enum StateReplay {
    /// The state; `nil` when the entries have no checkpoint, which happens when the process died at birth.
    ///
    /// Fills go through the same `Portfolio` that booked them first, so the result is equal to the last unit.
    static func state(of entries: [JournalEntry], instruments: [Instrument]) -> EngineSnapshot? {
        guard
            let start = entries.firstIndex(where: { if case .checkpoint = $0.record { true } else { false } }
            ),
            case .checkpoint(let checkpoint) = entries[start].record
        else { return nil }
        var book = Book(checkpoint, instruments: instruments)
        for entry in entries[(start + 1)...] { book.apply(entry.record) }
        return book.snapshot
    }

    private struct Book: ~Copyable {
        private let known: [Instrument]
        private var portfolio: Portfolio
        private var openOrders: [Order]
        private var savedState: SavedState?
        private var lastVenueOrder: UInt32
        private var trading: JournalTradingState?

        init(_ checkpoint: EngineSnapshot, instruments: [Instrument]) {
            // Instruments that the configuration no longer names still count in positions and totals.
            let extra = checkpoint.positions.map(\.token).filter { token in
                !instruments.contains { $0.token == token }
            }
            let known = instruments + extra.map { Instrument(symbol: "#\($0)", token: $0) }
            self.known = known
            portfolio = Portfolio(instruments: known, startingCash: checkpoint.totals.startingCash)
            let positions = checkpoint.positions.map { position in
                (index: known.firstIndex { $0.token == position.token }, position: position)
            }
            portfolio.restore(totals: checkpoint.totals, positions: positions)
            openOrders = checkpoint.openOrders
            savedState = checkpoint.savedState
            lastVenueOrder = checkpoint.lastVenueOrder
            trading = checkpoint.trading
        }

        mutating func apply(_ record: JournalRecord) {
            switch record {
            case .orderSubmitted(let order):
                let index = openOrders.firstIndex { $0.id == order.id }
                guard order.status != .denied else {
                    // A child of a list that was denied when its time had come.
                    if let index { openOrders.remove(at: index) }
                    return
                }
                if order.status != .held { portfolio.countOrder() }
                if order.id.epoch == 0 { lastVenueOrder = max(lastVenueOrder, order.id.count) }
                if let index { openOrders[index] = order } else { insert(order) }
            case .orderUpdated(let update):
                guard let index = openOrders.firstIndex(where: { $0.id == update.id }) else { return }
                openOrders[index].status = update.status
                if update.status == .triggered || update.reason == "triggered" {
                    openOrders[index].isTriggered = true
                }
                openOrders[index].filledQuantity = update.filledQuantity
                if update.status.isFinal { openOrders.remove(at: index) }
            case .orderModified(let change):
                guard let index = openOrders.firstIndex(where: { $0.id == change.id }) else { return }
                openOrders[index].terms = OrderTerms(
                    price: change.price, triggerPrice: change.triggerPrice, quantity: change.quantity)
                openOrders[index].status = change.status
                if change.status == .held { openOrders[index].link?.listQuantity = change.quantity }
            case .fill(let fill):
                guard let index = known.firstIndex(where: { $0.token == fill.token }) else { return }
                _ = portfolio.apply(
                    index, side: fill.side, price: fill.price, quantity: fill.quantity, fee: fill.fee,
                    mark: fill.price)
                book(fill)
            case .stateSaved(let state): savedState = state
            case .tradingStateChanged(let change): trading = change.state == .active ? nil : change
            case .sessionStarted, .checkpoint, .parametersChanged, .input, .sessionEnded: break
            }
        }

        /// Orders of a list are written when they are held, which may be after a later order was sent.
        private mutating func insert(_ order: Order) {
            let place = openOrders.lastIndex { $0.id < order.id }.map { $0 + 1 } ?? 0
            openOrders.insert(order, at: place)
        }

        /// Books a fill to its order too: a file can end between the fill and the update that follows it, and
        /// an order that does not know of its fill would fill again.
        private mutating func book(_ fill: Fill) {
            guard let index = openOrders.firstIndex(where: { $0.id == fill.orderID }) else { return }
            openOrders[index].filledQuantity += fill.quantity
            if let link = openOrders[index].link {
                for other in openOrders.indices where openOrders[other].link?.listID == link.listID {
                    openOrders[other].noteFill(
                        of: fill.orderID, isOneCancelsOther: link.isOneCancelsOther, quantity: fill.quantity)
                }
            }
            if openOrders[index].remainingQuantity <= .zero {
                openOrders.remove(at: index)
            } else {
                openOrders[index].status =
                    openOrders[index].status(after: .partlyFilled) ?? openOrders[index].status
            }
        }

        var snapshot: EngineSnapshot {
            EngineSnapshot(
                totals: portfolio.totals, positions: portfolio.positions, openOrders: openOrders,
                savedState: savedState, lastVenueOrder: lastVenueOrder, trading: trading)
        }
    }
}

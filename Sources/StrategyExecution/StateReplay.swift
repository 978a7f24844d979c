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

    private struct Book {
        private let known: [Instrument]
        private var portfolio: Portfolio
        private var openOrders: [Order]
        private var savedState: SavedState?

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
        }

        mutating func apply(_ record: JournalRecord) {
            switch record {
            case .orderSubmitted(let order):
                guard order.status != .denied else { return }
                portfolio.countOrder()
                openOrders.append(order)
            case .orderUpdated(let update):
                guard let index = openOrders.firstIndex(where: { $0.id == update.id }) else { return }
                openOrders[index].status = update.status
                openOrders[index].filledQuantity = update.filledQuantity
                if update.status.isFinal { openOrders.remove(at: index) }
            case .fill(let fill):
                guard let index = known.firstIndex(where: { $0.token == fill.token }) else { return }
                _ = portfolio.apply(
                    index, side: fill.side, price: fill.price, quantity: fill.quantity, fee: fill.fee,
                    mark: fill.price)
                book(fill)
            case .stateSaved(let state): savedState = state
            case .sessionStarted, .checkpoint, .parametersChanged, .sessionEnded: break
            }
        }

        /// Books a fill to its order too: a file can end between the fill and the update that follows it, and
        /// an order that does not know of its fill would fill again.
        private mutating func book(_ fill: Fill) {
            guard let index = openOrders.firstIndex(where: { $0.id == fill.orderID }) else { return }
            openOrders[index].filledQuantity += fill.quantity
            if openOrders[index].remainingQuantity <= .zero {
                openOrders.remove(at: index)
            } else if openOrders[index].status != .pendingCancel {
                openOrders[index].status = .partiallyFilled
            }
        }

        var snapshot: EngineSnapshot {
            EngineSnapshot(
                totals: portfolio.totals, positions: portfolio.positions, openOrders: openOrders,
                savedState: savedState)
        }
    }
}

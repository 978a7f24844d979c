import TradingModel

/// Keeps a backtest's order log up to its stop, for comparison.
final class OrderLogCollector {
    private(set) var entries: [OrderLogEntry] = []
    /// Whether there were more than can be compared.
    private(set) var isCut = false
    private var isOver = false

    /// An observer that fills it.
    var observer: BacktestObserver {
        var observer = BacktestObserver()
        observer.onEntries = { [self] in add($0) }
        observer.willStop = { [self] in isOver = true }
        return observer
    }

    private func add(_ more: [OrderLogEntry]) {
        guard !isOver else { return }
        let room = Limits.comparedEntriesMax - entries.count
        entries += more.prefix(room)
        if more.count > room { isCut = true }
    }
}

extension OrderLogEntry {
    /// A line for people.
    package var text: String {
        switch record {
        case .orderSubmitted(let order):
            let price = order.price.isZero ? "" : " at \(order.price)"
            return "order \(order.id) \(order.type) \(order.side) \(order.quantity)\(price) \(order.status)"
        case .orderUpdated(let update):
            return "order \(update.id) \(update.status)"
                + (update.reason.isEmpty ? "" : " (\(update.reason))")
        case .orderModified(let change):
            return "order \(change.id) is \(change.quantity) at \(change.price) now (\(change.reason))"
        case .fill(let fill):
            return "order \(fill.orderID) fills \(fill.side) \(fill.quantity) at \(fill.price)"
        default: return ""
        }
    }
}

import ControlPlane
import Foundation
import GatewayProtocol
import TradingModel

/// What the log and the journals of a home say of the same orders and fills, strategy by strategy.
struct HomeComparison: Encodable {
    /// One strategy; every number but the first three and `unsettled` should be 0.
    struct Strategy: Encodable {
        var strategy: String
        /// Orders that were journaled to be sent, and what the gateway saw of them.
        var intents: Int
        var ordersSeen: Int
        /// Intents that the journal calls rejected because they never reached the gateway.
        var notReceived: Int
        /// Orders whose end the journal does not know yet.
        var unsettled: Int
        /// Intents that the gateway never saw although the journal does not say so.
        var lost: [String] = []
        /// Orders that the gateway saw without an intent.
        var unintended: [String] = []
        /// Orders that the gateway saw although the journal says that it did not.
        var contradicted: [String] = []
        /// Orders that were sent again.
        var duplicatesSeen: Int
        /// Fills of the journal and of the log.
        var journalFills: Int
        var gatewayFills: Int
        var fillsLost: [String] = []
        var fillsTwice: [String] = []
        var fillsMadeUp: [String] = []
        /// Orders that ended differently here and there.
        var differentEnds: [String] = []
        var differentPositions: [String] = []
        /// Orders and fills that the database does not have as the journal has them; after the manager has stopped.
        var databaseOrders: Int
        var databaseFills: Int
        var faults: [String]

        private enum CodingKeys: String, CodingKey {
            case strategy, intents, unsettled, lost, unintended, contradicted, faults
            case ordersSeen = "orders_seen"
            case notReceived = "not_received"
            case duplicatesSeen = "duplicates_seen"
            case journalFills = "journal_fills"
            case gatewayFills = "gateway_fills"
            case fillsLost = "fills_lost"
            case fillsTwice = "fills_twice"
            case fillsMadeUp = "fills_made_up"
            case differentEnds = "different_ends"
            case differentPositions = "different_positions"
            case databaseOrders = "database_orders"
            case databaseFills = "database_fills"
        }

        /// Whether nothing was lost, made up or counted twice.
        var isClean: Bool {
            [
                lost, unintended, contradicted, fillsLost, fillsTwice, fillsMadeUp, differentEnds,
                differentPositions, faults,
            ].allSatisfy(\.isEmpty) && duplicatesSeen == 0
        }
    }

    var strategies: [Strategy]
    var isClean: Bool

    private enum CodingKeys: String, CodingKey {
        case strategies
        case isClean = "clean"
    }

    /// Compares the strategies of the log with the journals and the database of a home.
    ///
    /// Everybody may be running: what the log held before the journals were read must be in the journals, and what
    /// they hold must be in the log as it is after that.
    init(home: HomeDirectory, before: LogAudit, after: () throws -> LogAudit) throws {
        let store = try? ControlStore.open(home, access: .reader)
        let journals = try before.strategies.keys.sorted().map { id in
            (id, try JournalContents(directory: home.journalDirectory(strategyID: id)))
        }
        let after = try after()
        let symbols = try Self.symbols(store)
        strategies = []
        for (id, journal) in journals {
            var found = Self.compare(
                id, before.strategies[id] ?? LogAudit.Strategy(), after.strategies[id] ?? LogAudit.Strategy(),
                journal, symbols: symbols)
            found.databaseOrders = try Self.count("orders", "AND status <> 'denied' AND epoch > 0", id, store)
            found.databaseFills = try Self.count("fills", "", id, store)
            strategies.append(found)
        }
        isClean = strategies.allSatisfy(\.isClean)
    }

    private static func symbols(_ store: ControlStore?) throws -> [InstrumentToken: String] {
        guard let store else { return [:] }
        return Dictionary(try store.instruments().map { ($0.token, $0.symbol) }) { first, _ in first }
    }

    private static func count(
        _ table: String, _ condition: String, _ strategy: String, _ store: ControlStore?
    ) throws -> Int {
        guard let store else { return 0 }
        let sql = "SELECT count(*) FROM \(table) WHERE strategy_id = ? \(condition)"
        return Int(try store.query(sql, [strategy], limit: 1).rows.first?.first.flatMap { $0 } ?? "") ?? 0
    }

    private static func compare(
        _ id: String, _ before: LogAudit.Strategy, _ seen: LogAudit.Strategy, _ journal: JournalContents,
        symbols: [InstrumentToken: String]
    ) -> Strategy {
        let intents = journal.orders.filter { $0.key.epoch > 0 && $0.value.wasSent }
        let notReceived = intents.filter { $0.value.isNotReceived }
        var result = Strategy(
            strategy: id, intents: intents.count, ordersSeen: seen.ordersSeenCount,
            notReceived: notReceived.count, unsettled: intents.count { !$0.value.status.isFinal },
            duplicatesSeen: seen.duplicatesSeenCount, journalFills: journal.fills.values.reduce(0, +),
            gatewayFills: seen.fillCount, databaseOrders: 0, databaseFills: 0,
            faults: seen.faults + journal.faults)
        for (order, entry) in intents.sorted(by: { $0.key < $1.key }) {
            let isSeen = seen.received[order] != nil
            if isSeen, entry.isNotReceived { result.contradicted.append("\(order)") }
            if !isSeen, entry.status.isFinal, !entry.isNotReceived { result.lost.append("\(order)") }
            let there = seen.status[order]
            if isSeen, entry.status.isFinal, let there, there != entry.status {
                result.differentEnds.append("\(order): \(entry.status) here, \(there) at the gateway")
            }
        }
        result.unintended = before.received.keys.filter { $0.epoch > 0 && journal.orders[$0] == nil }.sorted()
            .map(\.description)
        for (fill, count) in before.fills {
            let isSettled = journal.orders[fill.order]?.status.isFinal ?? false
            if isSettled, journal.fills[fill] == nil { result.fillsLost.append(fill.text) }
            if count > 1 { result.fillsTwice.append(fill.text) }
        }
        for (fill, count) in journal.fills {
            if count > 1 { result.fillsTwice.append(fill.text) }
            if seen.fills[fill] == nil { result.fillsMadeUp.append(fill.text) }
        }
        let hasAll =
            result.unsettled == 0 && before.reportCount == seen.reportCount
            && seen.own.allSatisfy { journal.orders[$0] != nil }
        for (token, position) in journal.positions where hasAll {
            let there = symbols[token].flatMap { seen.positions[$0] } ?? .zero
            guard there != position else { continue }
            result.differentPositions.append(
                "\(symbols[token] ?? "#\(token)"): \(position) here, \(there) there")
        }
        return result
    }
}

/// What the journal files of one strategy hold, all epochs together.
struct JournalContents {
    /// An order that was to be sent.
    struct Entry {
        var status: OrderStatus
        var reason = ""
        var wasSent: Bool

        var isNotReceived: Bool { status == .rejected && reason == "not_received" }
    }

    private(set) var orders: [OrderID: Entry] = [:]
    private(set) var fills: [LogAudit.FillKey: Int] = [:]
    private(set) var positions: [InstrumentToken: Quantity] = [:]
    private(set) var faults: [String] = []
    private var filled: [OrderID: Int64] = [:]

    init(directory: String) throws {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        for epoch in names.compactMap({ JournalCodec.epoch(ofFileNamed: $0) }).sorted() {
            let path = directory + "/" + JournalCodec.fileName(epoch: epoch)
            let data = try Data(contentsOf: URL(fileURLWithPath: path))
            let scan = data.withUnsafeBytes { JournalScan($0, fileOffset: 0) }
            if let corruption = scan.corruption {
                faults.append("\(path) is corrupt at byte \(corruption.offset): \(corruption.reason)")
            }
            for entry in scan.entries { take(entry.record) }
        }
    }

    private mutating func take(_ record: JournalRecord) {
        switch record {
        case .orderSubmitted(let order):
            guard order.status != .denied else {
                orders[order.id] = nil
                return
            }
            if let known = orders[order.id], known.status != .held {
                faults.append("order \(order.id) was journaled twice")
            }
            // A child of a list is held in the engine until its parent fills, and may end without having been sent.
            orders[order.id] = Entry(status: order.status, wasSent: order.status != .held)
        case .orderUpdated(let update):
            orders[update.id]?.status = update.status
            orders[update.id]?.reason = update.reason
        case .orderModified(let change):
            orders[change.id]?.status = change.status
            orders[change.id]?.reason = change.reason
        case .fill(let fill):
            filled[fill.orderID, default: 0] += fill.quantity.e8
            fills[
                LogAudit.FillKey(
                    order: fill.orderID, filledE8: filled[fill.orderID] ?? 0, quantityE8: fill.quantity.e8,
                    priceE8: fill.price.e8), default: 0] += 1
            positions[fill.token] = fill.positionAfter
        case .sessionStarted, .checkpoint, .parametersChanged, .stateSaved, .input, .tradingStateChanged,
            .sessionEnded:
            break
        }
    }
}

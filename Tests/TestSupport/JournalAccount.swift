import Foundation
import TradingModel

/// What all journals of a home say, read without the manager: half of the oracle that end-to-end tests and chaos share.
///
/// The other half, the database, is read through the bare shell; `differences` says where the two do not agree.
package struct JournalAccount {
    /// Fills and orders as `strategy/epoch/number`, in order; those of orders end with their last status.
    package private(set) var fills: [String] = []
    package private(set) var orders: [String] = []
    /// Orders that went to a venue, by strategy: all but those that were denied before.
    package private(set) var sentCounts: [String: Int] = [:]
    /// Net positions by `strategy/token`.
    package private(set) var positions: [String: Int64] = [:]
    package private(set) var epochCount = 0
    /// Where the journals contradict themselves; empty when they do not.
    package private(set) var problems: [String] = []
    /// Orders that no answer has ended, as `strategy/epoch/number`.
    package var openOrders: [String] { open.sorted() }
    private var open: Set<String> = []
    private var statuses: [String: String] = [:]

    /// Reads the journals of a home; throws when a file cannot be read.
    package init(home: String) throws {
        let root = home + "/journal"
        for strategy in try FileManager.default.contentsOfDirectory(atPath: root).sorted() {
            let names = try FileManager.default.contentsOfDirectory(atPath: root + "/" + strategy)
            for epoch in names.compactMap({ JournalCodec.epoch(ofFileNamed: $0) }).sorted() {
                try add(strategy, epoch, path: "\(root)/\(strategy)/\(JournalCodec.fileName(epoch: epoch))")
            }
        }
        orders = statuses.map { "\($0.key)/\($0.value)" }.sorted()
        for (order, status) in statuses where status != "denied" {
            sentCounts[order.split(separator: "/").first.map(String.init) ?? "", default: 0] += 1
        }
        fills.sort()
    }

    private mutating func add(_ strategy: String, _ epoch: UInt32, path: String) throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
        let scan = data.withUnsafeBytes { JournalScan($0, fileOffset: 0) }
        if let corruption = scan.corruption { problems.append("\(path): \(corruption)") }
        epochCount += 1
        var sequence: UInt64 = 0
        var orderCount: UInt32 = 0
        for entry in scan.entries {
            sequence += 1
            if entry.sequence != sequence || entry.epoch != epoch {
                problems.append("\(path): \(entry.epoch)/\(entry.sequence) where \(epoch)/\(sequence) is due")
                sequence = entry.sequence
            }
            switch entry.record {
            case .orderSubmitted(let order):
                let key = "\(strategy)/\(order.id.epoch)/\(order.id.count)"
                // One that was held for its list comes again when it is sent.
                if order.id.count <= orderCount, statuses[key] != "held" {
                    problems.append("\(path): an intent twice, \(order.id)")
                }
                orderCount = max(orderCount, order.id.count)
                note(key, order.status)
            case .orderModified(let change):
                note("\(strategy)/\(change.id.epoch)/\(change.id.count)", change.status)
            case .orderUpdated(let update):
                let key = "\(strategy)/\(update.id.epoch)/\(update.id.count)"
                if statuses[key] == nil {
                    problems.append("\(path): the venue answered to an order without an intent, \(key)")
                }
                note(key, update.status)
            case .fill(let fill):
                add(fill, "\(strategy)/\(fill.token.rawValue)", path: path)
                fills.append("\(strategy)/\(epoch)/\(entry.sequence)")
            case .checkpoint(let snapshot): compare(snapshot, strategy, path: path)
            default: break
            }
        }
    }

    private mutating func note(_ key: String, _ status: OrderStatus) {
        statuses[key] = status.description
        if status.isFinal { open.remove(key) } else { open.insert(key) }
    }

    private mutating func add(_ fill: Fill, _ key: String, path: String) {
        let signed = fill.side == .buy ? fill.quantity.e8 : -fill.quantity.e8
        let position = positions[key, default: 0] + signed
        positions[key] = position
        if position != fill.positionAfter.e8 {
            problems.append(
                "\(path): a fill says position \(fill.positionAfter), the sum of all is \(position) e-8")
        }
    }

    private mutating func compare(_ snapshot: EngineSnapshot, _ strategy: String, path: String) {
        for position in snapshot.positions {
            let before = positions["\(strategy)/\(position.token.rawValue)"] ?? 0
            if position.quantity.e8 != before {
                problems.append(
                    "\(path): begins with position \(position.quantity), before it was \(before) e-8")
            }
        }
    }

    /// Every difference between the journals and a database; empty when nothing was lost and nothing is there twice.
    package func differences(database: String) throws -> [String] {
        var found = problems
        func compare(_ name: String, _ stored: [String], _ journaled: [String]) {
            guard stored != journaled else { return }
            let lost = Set(journaled).subtracting(stored)
            let foreign = Set(stored).subtracting(journaled)
            found.append(
                "\(name): \(journaled.count) in the journals, \(stored.count) in the database; not there: "
                    + "\(lost.sorted().prefix(5)), only there: \(foreign.sorted().prefix(5))")
        }
        compare(
            "fills",
            try SQLiteShell.run(
                "SELECT strategy_id || '/' || epoch || '/' || sequence FROM fills;", on: database
            ).sorted(), fills)
        compare(
            "orders",
            try SQLiteShell.run(
                "SELECT strategy_id || '/' || epoch || '/' || count || '/' || status FROM orders;",
                on: database
            ).sorted(), orders)
        let held = "SELECT strategy_id || '/' || token, quantity_e8 FROM positions;"
        for line in try SQLiteShell.run(held, on: database) {
            let parts = line.split(separator: "|")
            let expected = positions[String(parts[0])] ?? 0
            if Int64(parts[1]) != expected { found.append("position \(line), the journals say \(expected)") }
        }
        let check = try SQLiteShell.run("PRAGMA integrity_check;", on: database)
        if check != ["ok"] { found.append("integrity_check: \(check.prefix(3))") }
        return found
    }
}

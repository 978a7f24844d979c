import Foundation
import Testing
import TradingModel

/// What all journals of a home say, and whether the database says the same: nothing lost, nothing twice.
struct JournalAccount {
    /// Fills and orders as `strategy/epoch/number`, in order; those of orders end with their last status.
    private(set) var fills: [String] = []
    private(set) var orders: [String] = []
    /// Net positions by `strategy/token`.
    private(set) var positions: [String: Int64] = [:]
    private(set) var epochCount = 0
    private var statuses: [String: String] = [:]

    /// Reads the journals; records an issue where they contradict themselves.
    init(home: String) throws {
        let root = home + "/journal"
        for strategy in try FileManager.default.contentsOfDirectory(atPath: root).sorted() {
            let names = try FileManager.default.contentsOfDirectory(atPath: root + "/" + strategy)
            for epoch in names.compactMap({ JournalCodec.epoch(ofFileNamed: $0) }).sorted() {
                try add(strategy, epoch, path: "\(root)/\(strategy)/\(JournalCodec.fileName(epoch: epoch))")
            }
        }
        orders = statuses.map { "\($0.key)/\($0.value)" }.sorted()
        fills.sort()
    }

    private mutating func add(_ strategy: String, _ epoch: UInt32, path: String) throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        let scan = data.withUnsafeBytes { JournalScan($0, fileOffset: 0) }
        #expect(scan.corruption == nil, "\(path)")
        epochCount += 1
        var sequence: UInt64 = 0
        var orderCount: UInt32 = 0
        for entry in scan.entries {
            sequence += 1
            #expect(entry.sequence == sequence && entry.epoch == epoch, "\(path): no gap in the numbers")
            switch entry.record {
            case .orderSubmitted(let order):
                #expect(order.id.count > orderCount, "\(path): an intent twice")
                orderCount = order.id.count
                statuses["\(strategy)/\(order.id.epoch)/\(order.id.count)"] = order.status.description
            case .orderModified(let change):
                let key = "\(strategy)/\(change.id.epoch)/\(change.id.count)"
                statuses[key] = change.status.description
            case .orderUpdated(let update):
                let key = "\(strategy)/\(update.id.epoch)/\(update.id.count)"
                #expect(
                    statuses[key] != nil, "\(path): the venue answered to an order without an intent, \(key)")
                statuses[key] = update.status.description
            case .fill(let fill):
                fills.append("\(strategy)/\(epoch)/\(entry.sequence)")
                let signed = fill.side == .buy ? fill.quantity.e8 : -fill.quantity.e8
                positions["\(strategy)/\(fill.token.rawValue)", default: 0] += signed
                #expect(positions["\(strategy)/\(fill.token.rawValue)"] == fill.positionAfter.e8, "\(path)")
            case .checkpoint(let snapshot):
                for position in snapshot.positions {
                    let before = positions["\(strategy)/\(position.token.rawValue)"] ?? 0
                    #expect(position.quantity.e8 == before, "\(path): the position of the process before")
                }
            case .sessionStarted, .parametersChanged, .stateSaved, .sessionEnded: break
            }
        }
    }

    /// Compares with the database through the bare shell; records an issue for every difference.
    func expectSame(as engine: EngineHome, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let storedFills = try engine.sql("SELECT strategy_id || '/' || epoch || '/' || sequence FROM fills;")
            .sorted()
        #expect(
            storedFills == fills, "fills of the database and of the journals", sourceLocation: sourceLocation)
        let storedOrders = try engine.sql(
            "SELECT strategy_id || '/' || epoch || '/' || count || '/' || status FROM orders;"
        ).sorted()
        #expect(
            storedOrders == orders, "orders of the database and of the journals",
            sourceLocation: sourceLocation)
        for line in try engine.sql("SELECT strategy_id || '/' || token, quantity_e8 FROM positions;") {
            let parts = line.split(separator: "|")
            #expect(Int64(parts[1]) == positions[String(parts[0])] ?? 0, sourceLocation: sourceLocation)
        }
        let check = try engine.sql("PRAGMA integrity_check;")
        #expect(check == ["ok"], sourceLocation: sourceLocation)
    }
}

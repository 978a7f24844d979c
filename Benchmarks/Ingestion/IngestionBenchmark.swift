import ControlPlane
import Foundation
import StrategyExecution
import TradingModel

/// Measures how fast a manager copies journals into the database: writes journals into a new home, starts the real
/// `tradewind run` on it, and looks from another process until every fill is there.
///
///     ingestion-benchmark PATH-OF-TRADEWIND [FILLS] [STRATEGIES]
@main struct IngestionBenchmark {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 2 else {
            print("usage: ingestion-benchmark PATH-OF-TRADEWIND [FILLS] [STRATEGIES]")
            exit(64)
        }
        let fillCount = arguments.count > 2 ? Int(arguments[2]) ?? 400_000 : 400_000
        let strategyCount = arguments.count > 3 ? Int(arguments[3]) ?? 4 : 4
        for hasOrders in [true, false] {
            let run = IngestionRun(
                program: arguments[1], fillCount: fillCount / strategyCount * strategyCount,
                strategyCount: strategyCount, hasOrders: hasOrders)
            try run.measure()
        }
    }
}

/// One home, filled with journals and then copied.
struct IngestionRun {
    let program: String
    let fillCount: Int
    let strategyCount: Int
    /// Whether each fill has an order of its own, with its two updates; otherwise they are fills of one order.
    let hasOrders: Bool

    func measure() throws {
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("tw-ingestion-" + String(UInt32.random(in: .min ... .max), radix: 36))
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let home = HomeDirectory(path: directory.appendingPathComponent("home").path)
        try ControlStore.create(home)
        let byteCount = try writeJournals(home)
        let manager = Process()
        manager.executableURL = URL(fileURLWithPath: program)
        manager.arguments = ["run", "--home", home.path]
        manager.standardError = FileHandle.nullDevice
        try manager.run()
        defer {
            manager.terminate()
            manager.waitUntilExit()
        }
        let (seconds, walBytesMax) = try waitForFills(home)
        let processorSeconds = Self.processorSeconds(manager.processIdentifier)
        try check(home)
        let rate = Int(Double(fillCount) / seconds)
        print(
            """
            \(hasOrders ? "orders with two updates and a fill" : "fills alone"): \(rate) fills/s \
            (\(fillCount) fills of \(strategyCount) strategies, \(byteCount >> 20) MiB of journals, in \
            \(String(format: "%.2f", seconds)) s; manager \(String(format: "%.2f", processorSeconds)) s of \
            processor time; write-ahead log at most \(walBytesMax / 4_120) pages)
            """)
    }

    /// From the first fill that is seen to the last; the start of the manager is not what is measured.
    private func waitForFills(_ home: HomeDirectory) throws -> (seconds: Double, walBytesMax: Int) {
        let reader = try ControlStore.open(home, access: .reader)
        let clock = ContinuousClock()
        let deadline = clock.now + .seconds(300)
        var first: (time: ContinuousClock.Instant, count: Int)?
        var walBytesMax = 0
        while clock.now < deadline {
            let count = Int(try reader.scalar("SELECT coalesce(sum(sequence), 0) FROM journal_cursors") ?? 0)
            let size =
                try? FileManager.default.attributesOfItem(atPath: home.databasePath + "-wal")[.size] as? Int
            walBytesMax = max(walBytesMax, size.flatMap { $0 } ?? 0)
            if count > 0, first == nil { first = (clock.now, count) }
            if let first, count >= recordCount {
                let share = Double(recordCount - first.count) / Double(recordCount)
                return ((clock.now - first.time) / .seconds(1) / share, walBytesMax)
            }
            Thread.sleep(forTimeInterval: 0.005)
        }
        throw ControlError(.database, "the manager did not copy everything within 300 s")
    }

    private func check(_ home: HomeDirectory) throws {
        let reader = try ControlStore.open(home, access: .reader)
        let fills = try reader.scalar("SELECT count(*) FROM fills") ?? 0
        let filled = try reader.scalar("SELECT count(*) FROM orders WHERE status = 'filled'") ?? 0
        let expected = hasOrders ? fillCount : 0
        guard fills == fillCount, filled == expected else {
            throw ControlError(.database, "\(fills) fills and \(filled) filled orders are in the database")
        }
    }

    // MARK: - Journals

    /// What the cursors of all journals add up to: session, checkpoint, records.
    private var recordCount: Int {
        strategyCount * 2 + (hasOrders ? 4 * fillCount : fillCount + 2 * strategyCount)
    }

    private func writeJournals(_ home: HomeDirectory) throws -> Int {
        let store = try ControlStore.open(home, access: .client)
        var byteCount = 0
        for number in 0..<strategyCount {
            let row = try store.insertStrategy(
                NewStrategy(name: "strategy_\(number)", className: "none", isAutoStart: false))
            let path = home.journalDirectory(strategyID: row.id)
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            let session = JournalSession(
                strategyID: row.id, strategyName: row.name, className: "none", epoch: 1, seed: 1)
            let writer = try JournalWriter(directory: path, session: session)
            writer.append(
                .checkpoint(EngineSnapshot(totals: AccountTotals(startingCash: Money(1_000_000)))), at: .epoch
            )
            write(fillCount / strategyCount, to: writer)
            writer.sync()
            if let failure = writer.failure { throw failure }
            byteCount += try Data(contentsOf: URL(fileURLWithPath: path + "/1.journal")).count
        }
        return byteCount
    }

    private func write(_ count: Int, to writer: JournalWriter) {
        if !hasOrders {
            writer.append(.orderSubmitted(order(1, quantity: count)), at: time(0))
            writer.append(.orderUpdated(update(1, .accepted, 0)), at: time(0))
        }
        for number in 1...count {
            if hasOrders {
                writer.append(.orderSubmitted(order(number, quantity: 1)), at: time(number))
                writer.append(.orderUpdated(update(number, .accepted, 0)), at: time(number))
            }
            writer.append(.fill(fill(number)), at: time(number))
            if hasOrders { writer.append(.orderUpdated(update(number, .filled, 1)), at: time(number)) }
        }
    }

    private func time(_ number: Int) -> Timestamp {
        Timestamp(seconds: 1_780_000_000) + .milliseconds(number)
    }

    private func order(_ number: Int, quantity: Int) -> Order {
        Order(
            id: OrderID(epoch: 1, count: UInt32(number)), token: InstrumentToken(UInt32(1 + number % 3)),
            side: .buy, type: .limit, timeInForce: .gtc, price: Price(100), quantity: Quantity(quantity),
            status: .submitted, createdAt: time(number))
    }

    private func update(_ number: Int, _ status: OrderStatus, _ filled: Int) -> OrderUpdate {
        OrderUpdate(
            id: OrderID(epoch: 1, count: UInt32(number)), status: status, filledQuantity: Quantity(filled),
            reason: "")
    }

    private func fill(_ number: Int) -> Fill {
        Fill(
            count: UInt32(number), orderID: OrderID(epoch: 1, count: UInt32(hasOrders ? number : 1)),
            token: InstrumentToken(UInt32(1 + number % 3)), side: number % 2 == 0 ? .buy : .sell,
            liquidity: .maker, price: Price(100), quantity: Quantity(1), fee: Money(e8: 5),
            realizedPnL: Money(e8: 7), positionAfter: Quantity(number % 2), averagePriceAfter: Price(100),
            time: time(number))
    }

    /// User and system time of a process, fields 14 and 15 of /proc/PID/stat; 0 where there is no such file.
    private static func processorSeconds(_ pid: Int32) -> Double {
        let text = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
        let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else {
            return 0
        }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
}

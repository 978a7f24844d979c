import Foundation
import TestSupport

/// One run: faults of a plan, healing after each, and the verdict at the end.
struct ChaosRun {
    let desk: ChaosDesk
    let seed: UInt64
    let minutes: Double
    private(set) var table = ChaosTable()
    private(set) var complaints: [String] = []
    private var startKinds: (manager: [String: Int], bus: [String: Int]) = ([:], [:])
    /// What the independent judge of orders and fills has counted.
    private var gatewaySummary = ""
    /// Times of wall clock between which nothing was wrong, so that no sample may be missing.
    private var quietTimes: [(begin: Double, end: Double)] = []

    init(seed: UInt64, minutes: Double) throws {
        self.seed = seed
        self.minutes = minutes
        desk = try ChaosDesk()
    }

    /// Runs until the time is over or something is wrong.
    mutating func run() {
        do {
            try desk.startManager()
            try heal(after: nil, FaultOutcome(), ContinuousClock.now, marks: [:])
            guard complaints.isEmpty else { return }
            startKinds = try settledDescriptors()
            var plan = FaultPlan(seed: seed, isLong: minutes >= 5)
            let end = ContinuousClock.now + .seconds(minutes * 60)
            while ContinuousClock.now < end, complaints.isEmpty { try strike(plan.next()) }
            if complaints.isEmpty { try conclude() }
        } catch {
            complaints.append("\(error)")
        }
    }

    // MARK: - A fault and its healing

    private mutating func strike(_ fault: Fault) throws {
        let quietBegin = Date().timeIntervalSince1970
        usleep(UInt32(fault.pauseMilliseconds) * 1_000)
        quietTimes.append((quietBegin, Date().timeIntervalSince1970))
        let before = try (epochs: desk.epochs(), pids: pids(), missed: desk.missedRecordCount())
        say("\(Self.clock()) \(fault.description)")
        let outcome = try FaultRun(desk: desk, fault: fault).carryOut()
        let marks = Dictionary(
            uniqueKeysWithValues: ChaosDesk.strategies.filter(\.isBusy).map {
                ($0.name, desk.journalByteCount($0.name))
            })
        complaints += outcome.complaints
        guard let healed = try heal(after: (fault, before.epochs), outcome, outcome.end, marks: marks) else {
            return
        }
        try checkSiblings(fault, outcome, before.epochs, before.pids)
        let missed = try desk.missedRecordCount() - before.missed
        table.add(fault.kind, healed: healed, missedRecords: max(0, missed), note: outcome.note)
    }

    /// Waits until all is as it should be; the time that took, `nil` with complaints when it never was.
    @discardableResult
    private mutating func heal(
        after struck: (fault: Fault, epochs: [String: Int])?, _ outcome: FaultOutcome,
        _ begin: ContinuousClock.Instant, marks: [String: Int]
    ) throws -> Duration? {
        let deadline = ContinuousClock.now + .seconds(60)
        var open = ["not looked yet"]
        var firstHealed: ContinuousClock.Instant?
        while ContinuousClock.now < deadline {
            try desk.startManager()
            if let waits = try waits(for: outcome, struck?.epochs ?? [:], marks) {
                open = [waits]
                usleep(5_000)
                continue
            }
            firstHealed = firstHealed ?? .now
            open = try desk.oracle.complaintsWhileRunning()
            if open.isEmpty { return (firstHealed ?? .now) - begin }
            usleep(50_000)
        }
        complaints += open.map { "not healed within 60 s: \($0)" }
        return nil
    }

    /// What is still missing, cheap to ask; `nil` when nothing is.
    private func waits(
        for outcome: FaultOutcome, _ epochs: [String: Int], _ marks: [String: Int]
    ) throws -> String? {
        for (name, pid) in outcome.replaced where desk.pid(name) == pid { return "\(name) is not replaced" }
        for (name, mark) in marks where desk.journalByteCount(name) <= mark {
            return "\(name) does not trade"
        }
        let now = try desk.epochs()
        for (name, range) in outcome.epochs where (now[name] ?? 0) < (epochs[name] ?? 0) + range.lowerBound {
            return "\(name) has no new process"
        }
        let differing = try desk.sql(
            """
            SELECT name || ' is ' || status FROM strategy_configs WHERE status <> desired_state
            UNION ALL SELECT name || ' is ' || status FROM feeds WHERE status <> 'running'
            UNION ALL SELECT 'the recorder is ' || value FROM engine_info
            WHERE key = 'recorder_status' AND value <> 'running' LIMIT 1;
            """)
        return differing.first
    }

    /// Nobody may have been restarted but those that were hit, and those not more often than they were.
    private mutating func checkSiblings(
        _ fault: Fault, _ outcome: FaultOutcome, _ epochs: [String: Int], _ before: [String: Int32]
    ) throws {
        let now = try desk.epochs()
        for (name, epoch) in now {
            let count = epoch - (epochs[name] ?? 0)
            guard !(outcome.epochs[name] ?? 0...0).contains(count) else { continue }
            complaints.append("\(name) was started \(count) times by: \(fault.description)")
        }
        for (name, pid) in pids() where outcome.epochs[name] == nil && outcome.replaced[name] == nil {
            guard pid != before[name] else { continue }
            complaints.append("\(name) was replaced by: \(fault.description)")
        }
    }

    private func pids() -> [String: Int32] {
        var found: [String: Int32] = [:]
        for name in desk.ids.keys { found[name] = desk.pid(name) }
        return found
    }

    // MARK: - The end

    /// Descriptors of manager and bus by kind, when nothing is on its way.
    private func settledDescriptors() throws -> (manager: [String: Int], bus: [String: Int]) {
        usleep(3_000_000)
        return (
            HomeProcesses.descriptorKinds(of: desk.manager?.processID ?? 0),
            HomeProcesses.descriptorKinds(of: desk.pid("bus") ?? 0)
        )
    }

    private mutating func conclude() throws {
        let end = try settledDescriptors()
        compare("the manager", startKinds.manager, end.manager)
        compare("the bus", startKinds.bus, end.bus)
        if !desk.stopManager() { complaints.append("the manager did not end in order") }
        desk.gateway.kill()
        complaints += try gatewayComplaints()
        complaints += try desk.oracle.complaintsAtRest()
        complaints += try missingSamples()
        let lost = try desk.sql(
            "SELECT count(*) FROM strategy_commands WHERE issuer = 'chaos' AND status = 'expired';")
        if lost != ["0"] { complaints.append("\(lost) commands expired") }
        let journals = try JournalAccount(home: desk.home)
        // All have ended in order, so the venue has answered to every intent.
        let open = journals.openOrders
        if !open.isEmpty { complaints.append("\(open.count) intents without an answer: \(open.prefix(5))") }
        table.account = try account(journals) + "\n" + gatewaySummary
    }

    /// What the log of the order gateway, which saw the orders, says against the journals and the database.
    private mutating func gatewayComplaints() throws -> [String] {
        let found = try desk.gateway.compare()
        gatewaySummary = "at the order gateway: " + found.summary
        var complaints: [String] = []
        for strategy in found.strategies {
            let isWhole =
                strategy.intents == strategy.ordersSeen + strategy.notReceived && strategy.unsettled == 0
                && strategy.intents == strategy.databaseOrders
                && strategy.journalFills == strategy.gatewayFills
                && strategy.journalFills == strategy.databaseFills
            if !isWhole || strategy.ordersSeen == 0 { complaints.append("the order gateway: \(strategy)") }
        }
        if !found.clean, complaints.isEmpty { complaints.append("the order gateway: \(found)") }
        if found.strategies.count != ChaosDesk.strategies.count(where: \.tradesAtGateway) {
            complaints.append("the order gateway has seen \(found.strategies.count) strategies")
        }
        return complaints
    }

    private mutating func compare(_ name: String, _ start: [String: Int], _ end: [String: Int]) {
        for kind in Set(start.keys).union(end.keys).sorted() where start[kind] != end[kind] {
            complaints.append(
                "\(name) has \(end[kind] ?? 0) descriptors of \(kind), at the start \(start[kind] ?? 0)")
        }
    }

    /// Each busy strategy publishes once a second; in a quiet time none may be missing.
    private func missingSamples() throws -> [String] {
        var found: [String] = []
        for time in quietTimes where time.end - time.begin > 1.2 {
            let expected = Int(time.end - time.begin - 0.2)
            let rows = try desk.sql(
                """
                SELECT c.name || ' ' || count(m.id) FROM strategy_configs c LEFT JOIN strategy_metrics m
                ON m.strategy_id = c.id AND (julianday(m.timestamp) - 2440587.5) * 86400 BETWEEN \(time.begin) AND \(time.end)
                WHERE c.name LIKE 'maker%' GROUP BY c.id HAVING count(m.id) < \(expected);
                """)
            found += rows.map { "samples are missing between \(time.begin) and \(time.end): \($0)" }
        }
        return found
    }

    private func account(_ journals: JournalAccount) throws -> String {
        let commands = try desk.sql(
            "SELECT status || ' ' || count(*) FROM strategy_commands GROUP BY status;")
        let samples = try desk.sql("SELECT count(*) FROM strategy_metrics;").first ?? "0"
        return """
            \(journals.epochCount) processes of \(ChaosDesk.strategies.count) strategies, \(journals.orders.count) intents, \
            \(journals.fills.count) fills, \(samples) metrics, commands: \(commands.joined(separator: ", "))
            """
    }

    private static func clock() -> String {
        let formatter = DateFormatter()
        formatter.dateFormat = "HH:mm:ss"
        return formatter.string(from: Date())
    }
}

import ControlPlane
import Foundation
import MessageBus
import Monitoring
import TestSupport
import Testing
import TradingModel

@Suite struct StatusReportTests {
    private let directory: TemporaryDirectory
    private let store: ControlStore
    private let now = Timestamp(seconds: 1_780_000_000)

    init() throws {
        directory = try TemporaryDirectory()
        let home = HomeDirectory(path: directory.file("home"))
        try ControlStore.create(home)
        store = try ControlStore.open(home, access: .manager)
    }

    @Test func emptyHomeSaysWhatToDo() throws {
        let report = try StatusReport(
            home: "/h", managerProcessID: nil, store: store, bus: nil, isAlive: { _ in true })
        #expect(
            report.text() == """
                /h  manager not running

                no strategies: add one with 'strategies add'

                role     name     status   pid  CPU  memory
                manager  manager  stopped    -    -       -
                bus      bus      stopped    -    -       -
                """)
    }

    @Test func textShowsStrategiesAndServicesInAlignedColumns() throws {
        try fill()
        let report = try StatusReport(
            home: "/h", managerProcessID: 4_000, store: store, bus: try statistics(), isAlive: { _ in true })
        #expect(
            report.text() == """
                /h  manager running, pid 4000

                strategy  class     status                   pid  epoch     PnL  realised  positions  orders  success  dropped     CPU    memory
                broken    momentum  error (wanted running)     -      -       -         -          -       -        -        -       -         -  crashed 3 times
                earner    crossing  running                 4100      1  -12.35     10.00          2      17     67 %       12  12.5 %  48.0 MiB
                fresh     crossing  active                     -      -       -         -          -       -        -        -       -         -

                role     name     status    pid    CPU    memory
                manager  manager  running  4000  1.0 %  20.5 MiB
                bus      bus      running     -      -         -
                feed     synth    running  4200      -         -

                bus: 3 connections, 100 records in, 200 delivered, 12 dropped, 64 bytes queued
                """)
    }

    @Test func jsonHasTheSameUnderStableNames() throws {
        try fill()
        let report = try StatusReport(
            home: "/h", managerProcessID: 4_000, store: store, bus: nil, isAlive: { _ in true })
        let object = try #require(
            try JSONSerialization.jsonObject(with: JSONEncoder().encode(report)) as? [String: Any])
        #expect(object["home"] as? String == "/h" && object["manager_pid"] as? Int == 4_000)
        let strategies = try #require(object["strategies"] as? [[String: Any]])
        #expect(strategies.compactMap { $0["name"] as? String } == ["broken", "earner", "fresh"])
        let earner = strategies[1]
        #expect(earner["class_name"] as? String == "crossing" && earner["status"] as? String == "running")
        #expect(earner["desired_state"] as? String == "running" && earner["pid"] as? Int == 4_100)
        #expect(earner["pnl"] as? String == "-12.345", "money is exact, as text")
        #expect(earner["realized_pnl"] as? String == "10" && earner["positions_count"] as? Int == 2)
        #expect(earner["orders_count"] as? Int == 17 && earner["epoch"] as? Int == 1)
        #expect(earner["cpu_percent"] as? Double == 12.5)
        #expect(earner["resident_bytes"] as? Int == 48 << 20)
        #expect(strategies[0]["reason"] as? String == "crashed 3 times" && strategies[0]["pid"] == nil)
        let services = try #require(object["services"] as? [[String: Any]])
        #expect(services.compactMap { $0["role"] as? String } == ["manager", "bus", "feed"])
        #expect(services[2]["pid"] as? Int == 4_200 && services[2]["name"] as? String == "synth")
    }

    @Test func withoutManagerNothingRunsWhateverWasSampled() throws {
        try fill()
        let report = try StatusReport(
            home: "/h", managerProcessID: nil, store: store, bus: nil, isAlive: { _ in true })
        #expect(report.services.allSatisfy { $0.status == "stopped" && $0.processID == nil })
        #expect(report.strategies.allSatisfy { $0.cpuPercent == nil && $0.residentBytes == nil })
    }

    @Test func stricterTradingStateOfTheStrategyAndOfAllIsShown() throws {
        try fill()
        let earner = try #require(try store.strategies().first { $0.name == "earner" })
        let own = TradingStateRow(state: .halted, reason: "own")
        try store.setTradingState(earner.id, own, at: now)
        let all = TradingStateRow(state: .reducing, reason: "all")
        try store.setTradingState(ControlStore.allStrategies, all, at: now)
        let reader = OverviewReader()
        try reader.refresh(store, now: now)
        let around = OverviewReader.Surroundings(
            home: "/h", managerProcessID: 4_000, bus: BusView(), isAlive: { _ in true })
        let report = StatusReport(reader.overview(around, now: now))
        #expect(report.strategies.map(\.tradingState) == ["reducing", "halted", "reducing"])
        #expect(report.strategies.map(\.tradingReason) == ["all", "own", "all"])
        try store.setTradingState(ControlStore.allStrategies, TradingStateRow(), at: now)
        try reader.refresh(store, now: now)
        #expect(
            StatusReport(reader.overview(around, now: now)).strategies.map(\.tradingState)
                == [nil, "halted", nil])
    }

    // MARK: - Rows

    private func fill() throws {
        let earner = try store.insertStrategy(NewStrategy(name: "earner", className: "crossing"))
        let broken = try store.insertStrategy(NewStrategy(name: "broken", className: "momentum"))
        try store.insertStrategy(NewStrategy(name: "fresh", className: "crossing", desiredState: .stopped))
        let epoch = try store.insertInstance(
            NewInstance(
                strategyID: earner.id, pid: 4_100, processStartTime: 1, bootID: "boot", binaryPath: "/bin/x",
                startedAt: now))
        try store.setStatus(earner.id, to: .starting, reason: "started", epoch: epoch, at: now)
        try store.setStatus(earner.id, to: .running, reason: "ready", epoch: epoch, at: now)
        try store.setStatus(broken.id, to: .error, reason: "crashed 3 times", at: now)
        try store.insertMetrics([
            MetricsRow(strategyID: earner.id, time: now, epoch: epoch, realizedPnL: Money(99)),
            MetricsRow(
                strategyID: earner.id, time: now + .seconds(1), epoch: epoch, positionCount: 2,
                orderCount: 17, successRate: 2.0 / 3.0, realizedPnL: Money(10),
                unrealizedPnL: Money("-20.345")!, fees: Money(2)),
        ])
        let feed = try store.insertFeed(name: "synth", kind: "synthetic")
        try store.setFeedStatus(feed.id, to: .running)
        try store.insertProcessMetrics([
            ProcessMetricsRow(
                time: now, role: "manager", name: "manager", pid: 4_000, cpuPercent: 1,
                residentBytes: 20 << 20 | 1 << 19),
            ProcessMetricsRow(
                time: now, role: "executor", name: "earner", pid: 4_100, cpuPercent: 12.5,
                residentBytes: 48 << 20),
            ProcessMetricsRow(time: now, role: "feed", name: "synth", pid: 4_200),
        ])
    }

    /// What a broker would say of the strategy that runs.
    private func statistics() throws -> BrokerStatistics {
        let earner = try #require(try store.strategies().first { $0.name == "earner" })
        let document = """
            {"pid": 1, "uptime_ms": 5, "connections": [{"session": 2, "role": "executor", "identity": "\(earner.id)",
            "pid": 4100, "patterns": 3, "frames_in": 1, "records_in": 0, "records_out": 100, "messages_out": 4,
            "records_dropped": 12, "refused": 0, "queue_bytes": 64}], "totals": {"connections": 3,
            "connections_accepted": 3, "records_in": 100, "record_deliveries": 200, "records_dropped": 12,
            "messages_in": 1, "message_deliveries": 4, "queue_bytes": 64, "retained_topics": 1, "retained_bytes": 9,
            "retained_refused": 0}}
            """
        return try BrokerStatistics(decoding: Array(document.utf8))
    }
}

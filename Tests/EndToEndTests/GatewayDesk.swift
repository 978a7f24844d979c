import Foundation
import TestSupport
import Testing

/// A home whose strategies trade at an order gateway of its own.
struct GatewayDesk {
    let engine: EngineHome
    let gateway: OrderGateway
    private let policy: String
    private let limits: String

    init(
        speed: String = "50",
        policy: String = #"{"unstable_exits_max": 100, "backoff_initial": 0.05, "backoff_max": 0.1}"#,
        limits: String = "{}"
    ) throws {
        engine = try EngineHome()
        self.policy = policy
        self.limits = limits
        gateway = OrderGateway(
            directory: engine.directory.path, home: engine.home, settings: ["taker_fee=0.0004"])
        try engine.addSampleFeed(speed: speed)
    }

    func add(_ name: String, _ className: String, _ arguments: String...) throws {
        let result = try TradewindProgram.run(
            ["strategies", "add", name, "--class", className] + arguments
                + ["--venue", "kind=gateway", "--venue", "socket=\(gateway.socket)"], home: engine.home)
        try #require(result.exitCode == 0, "\(result.errors)")
        try engine.sql(
            "UPDATE strategy_configs SET restart_policy_json = '\(policy)', limits_json = '\(limits)' "
                + "WHERE name = '\(name)';")
    }

    /// A maker, which sends and cancels with every quote, and a trend follower, which takes.
    func addTraders() throws {
        try add("maker", "market_maker", "--instrument", "ALPHA")
        try add(
            "crossover", "moving_average_crossover", "--instrument", "ALPHA", "--set", "fast=5", "--set",
            "slow=20")
    }

    /// Orders that the gateway accepted or filled.
    func workedCount() -> Int { gateway.orderCounts().values.reduce(0, +) }

    /// Whether further orders of every strategy arrive; fills alone do not say that it is connected again.
    func isTrading(seconds: Double = 30) -> Bool {
        let before = gateway.orderCounts()
        return waitUntil(seconds: seconds) {
            pause(milliseconds: 20)
            let now = gateway.orderCounts()
            return !now.isEmpty && now.allSatisfy { $0.value > before[$0.key] ?? 0 }
        }
    }

    /// The log of a strategy.
    func log(_ name: String) -> String {
        (try? String(contentsOfFile: engine.home + "/logs/\(name).log", encoding: .utf8)) ?? ""
    }

    /// All that is known, for failure messages.
    var account: String {
        let audit = (try? OrderGateway.run(["audit", gateway.log]))?.output ?? ""
        return
            "\(engine.log)\n\(gateway.output)\n\(audit)\nmaker: \(log("maker"))\ncrossover: \(log("crossover"))"
    }

    /// A moment of the test's own choice, at which nothing is expected.
    func pause(milliseconds: Int) {
        var time = timespec(tv_sec: milliseconds / 1_000, tv_nsec: milliseconds % 1_000 * 1_000_000)
        nanosleep(&time, nil)
    }

    /// Stops the engine in order and compares all three sides.
    func settle(_ label: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        #expect(engine.stop() == 0, sourceLocation: sourceLocation)
        let found = try gateway.compare()
        print("\(label): \(found.summary)")
        found.expectWhole(sourceLocation: sourceLocation)
    }
}

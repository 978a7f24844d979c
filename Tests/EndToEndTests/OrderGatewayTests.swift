import Foundation
import TestSupport
import Testing
import TradingModel

/// Orders through an order gateway in another process: whoever is killed or stopped when, none is lost and none sent
/// twice, judged by the gateway's own log against journals and database.
@Suite(.serialized) struct OrderGatewayTests {
    @Test func ordersFlowAndAllThreeSidesAgree() throws {
        let desk = try GatewayDesk()
        try desk.addTraders()
        try desk.gateway.start()
        try desk.engine.start(waitingFor: ["maker", "crossover"])
        try #require(waitUntil(seconds: 30) { desk.workedCount() > 200 }, "\(desk.log("maker"))")
        try desk.settle("flow")
        let fees = try desk.engine.value("SELECT sum(fee_e8) > 0 FROM fills WHERE liquidity = 'taker';")
        #expect(fees == "1", "the gateway's fees are booked")
    }

    @Test func anExecutorKilledAtRandomMomentsLosesAndRepeatsNothing() throws {
        let desk = try GatewayDesk()
        try desk.addTraders()
        try desk.gateway.start()
        try desk.engine.start(waitingFor: ["maker", "crossover"])
        var random = SeededGenerator(seed: 1)
        for round in 0..<12 {
            try #require(desk.isTrading(), "round \(round): \(desk.account)")
            desk.pause(milliseconds: Int.random(in: 0...150, using: &random))
            let name = Bool.random(using: &random) ? "maker" : "crossover"
            kill(try desk.engine.pid(name), SIGKILL)
        }
        try #require(desk.isTrading(), "\(desk.account)")
        try desk.settle("12 killed executors")
    }

    @Test func aGatewayKilledAtRandomMomentsLosesAndRepeatsNothing() throws {
        let desk = try GatewayDesk()
        try desk.addTraders()
        try desk.gateway.start()
        try desk.engine.start(waitingFor: ["maker", "crossover"])
        let maker = try desk.engine.process("maker")
        var random = SeededGenerator(seed: 2)
        for round in 0..<8 {
            try #require(desk.isTrading(), "round \(round): \(desk.account)")
            desk.pause(milliseconds: Int.random(in: 0...150, using: &random))
            desk.gateway.kill()
            desk.pause(milliseconds: Int.random(in: 0...300, using: &random))
            try desk.gateway.start()
        }
        try #require(desk.isTrading(), "\(desk.account)")
        #expect(try desk.engine.process("maker") == maker, "the strategy runs on: \(desk.engine.log)")
        let denied = try desk.engine.value(
            "SELECT count(*) FROM orders WHERE status = 'denied' AND reason = 'venue_unavailable';")
        print("8 killed gateways: \(denied) orders denied meanwhile")
        try desk.settle("8 killed gateways")
    }

    @Test func bothKilledAtOnceFindEachOtherAgain() throws {
        let desk = try GatewayDesk()
        try desk.addTraders()
        try desk.gateway.start()
        try desk.engine.start(waitingFor: ["maker", "crossover"])
        for round in 0..<5 {
            try #require(desk.isTrading(), "round \(round): \(desk.account)")
            let pids = try ["maker", "crossover"].map { try desk.engine.pid($0) }
            for pid in pids { kill(pid, SIGKILL) }
            desk.gateway.kill()
            try desk.gateway.start()
        }
        try #require(desk.isTrading(), "\(desk.account)")
        try desk.settle("5 times both killed")
    }

    @Test func aGatewayThatStandsStillIsNoticedAndItsOrdersAreSettledAfterwards() throws {
        let desk = try GatewayDesk()
        try desk.addTraders()
        try desk.gateway.start()
        try desk.engine.start(waitingFor: ["maker", "crossover"])
        try #require(desk.isTrading())
        desk.gateway.process?.signal(SIGSTOP)
        let isNoticed = waitUntil(seconds: 20) { desk.log("maker").contains("does not answer") }
        #expect(isNoticed, "\(desk.log("maker"))")
        let denials = "SELECT count(*) > 0 FROM orders WHERE reason = 'venue_unavailable';"
        #expect(try waitUntil(seconds: 20) { try desk.engine.value(denials) == "1" }, "new orders are denied")
        desk.gateway.process?.signal(SIGCONT)
        try #require(desk.isTrading(), "\(desk.account)")
        try desk.settle("a stopped gateway")
    }

    @Test func stopOrdersAreSetOffOnceWhoeverIsKilled() throws {
        let desk = try GatewayDesk()
        try desk.add("rider", "stop_rider", "--instrument", "ALPHA", "--module", FaultProgram.path)
        try desk.gateway.start()
        try desk.engine.start(waitingFor: ["rider"])
        for round in 0..<4 {
            let before = desk.gateway.count(of: "triggered")
            try #require(
                waitUntil(seconds: 30) { desk.gateway.count(of: "triggered") > before + 1 },
                "round \(round): \(desk.account)")
            if round % 2 == 0 {
                kill(try desk.engine.pid("rider"), SIGKILL)
            } else {
                desk.gateway.kill()
                try desk.gateway.start()
            }
        }
        // New orders come from a strategy that is there again; the gateway alone sets off what rests.
        let before = desk.gateway.count(of: "accepted")
        #expect(waitUntil(seconds: 30) { desk.gateway.count(of: "accepted") > before + 1 }, "\(desk.account)")
        try desk.settle("stop orders")
    }

    @Test func changesOfOrdersAreMadeOnceWhoeverIsKilled() throws {
        let desk = try GatewayDesk()
        try desk.add("amender", "amender", "--instrument", "ALPHA", "--module", FaultProgram.path)
        try desk.gateway.start()
        try desk.engine.start(waitingFor: ["amender"])
        var random = SeededGenerator(seed: 3)
        for round in 0..<6 {
            let before = desk.gateway.count(of: "modified")
            try #require(
                waitUntil(seconds: 30) { desk.gateway.count(of: "modified") > before + 3 },
                "round \(round): \(desk.account)")
            desk.pause(milliseconds: Int.random(in: 0...50, using: &random))
            if round % 2 == 0 {
                kill(try desk.engine.pid("amender"), SIGKILL)
            } else {
                desk.gateway.kill()
                try desk.gateway.start()
            }
        }
        let before = desk.gateway.count(of: "modified")
        #expect(waitUntil(seconds: 30) { desk.gateway.count(of: "modified") > before }, "\(desk.account)")
        print("changed orders: \(desk.gateway.count(of: "modified")) changes")
        try desk.settle("changed orders")
    }
}

/// A strategy that cannot take itself out of the market is taken out by the manager.
@Suite(.serialized) struct GatewayTakeOutTests {
    /// A trend follower with a position, and its id.
    private func traderWithPosition(_ desk: GatewayDesk) throws -> String {
        try desk.add(
            "crossover", "moving_average_crossover", "--instrument", "ALPHA", "--set", "fast=5", "--set",
            "slow=20")
        try desk.gateway.start()
        try desk.engine.start(waitingFor: ["crossover"])
        let id = try desk.engine.value("SELECT id FROM strategy_configs WHERE name = 'crossover';")
        try #require(
            waitUntil(seconds: 30) { try desk.gateway.audit().position(id, "ALPHA") != nil },
            "\(desk.log("crossover"))")
        return id
    }

    @Test func aHungStrategyIsFlattenedAndItsLaterOrdersAreRejected() throws {
        let desk = try GatewayDesk(policy: #"{"restart_on_stall": false}"#)
        let id = try traderWithPosition(desk)
        let pid = try desk.engine.pid("crossover")
        kill(pid, SIGSTOP)
        try #require(
            waitUntil(seconds: 10) { try desk.gateway.audit().position(id, "ALPHA") != nil },
            "it holds something")
        let command = try desk.engine.sendCommand("flatten", to: "crossover", seconds: 40)
        #expect(try desk.engine.commandStatus(command) == "executed", "\(desk.engine.log)")
        #expect(try desk.gateway.audit().position(id, "ALPHA") == nil, "its positions are closed")
        let own = try desk.gateway.audit().of(id)?.ownOrders ?? 0
        #expect(own > 0, "the gateway closed the position itself")
        // It wakes up, hears of all that and goes on; its orders are refused until a new process takes over.
        kill(pid, SIGCONT)
        let rejected = "SELECT count(*) > 0 FROM orders WHERE reason = 'taken_out_of_market';"
        #expect(
            try waitUntil(seconds: 30) { try desk.engine.value(rejected) == "1" }, "\(desk.log("crossover"))")
        #expect(desk.log("crossover").contains("the venue closes a position"), "\(desk.log("crossover"))")
        let held = "SELECT coalesce(sum(abs(quantity_e8)), 0) FROM positions;"
        #expect(try waitUntil(seconds: 10) { try desk.engine.value(held) == "0" })
        _ = try desk.engine.sendCommand("restart", to: "crossover")
        #expect(desk.isTrading(), "a new process trades: \(desk.log("crossover"))")
        try desk.settle("a hung strategy")
    }

    @Test func aDeadStrategyIsFlattenedAndItsNextProcessKnows() throws {
        let desk = try GatewayDesk(policy: #"{"mode": "never"}"#)
        let id = try traderWithPosition(desk)
        kill(try desk.engine.pid("crossover"), SIGKILL)
        try desk.engine.waitForStatus("crossover", "error")
        let position = try #require(try desk.gateway.audit().position(id, "ALPHA"))
        let command = try desk.engine.sendCommand("flatten", to: "crossover")
        #expect(try desk.engine.commandStatus(command) == "executed", "\(desk.engine.log)")
        #expect(try desk.gateway.audit().position(id, "ALPHA") == nil, "\(position) was closed")
        _ = try desk.engine.sendCommand("start", to: "crossover")
        try desk.engine.waitForStatus("crossover", "running")
        #expect(desk.isTrading(), "\(desk.log("crossover"))")
        #expect(!desk.log("crossover").contains("at the gateway"), "no position differs")
        try desk.settle("a dead strategy")
    }

    @Test func aStoppedStrategyIsFlattenedWithoutBeingStarted() throws {
        let desk = try GatewayDesk()
        let id = try traderWithPosition(desk)
        _ = try desk.engine.sendCommand("stop", to: "crossover")
        try #require(try desk.gateway.audit().position(id, "ALPHA") != nil, "a stop keeps the position")
        let command = try desk.engine.sendCommand("flatten", to: "crossover")
        #expect(try desk.engine.commandStatus(command) == "executed", "\(desk.engine.log)")
        #expect(try desk.gateway.audit().position(id, "ALPHA") == nil)
        _ = try desk.engine.sendCommand("start", to: "crossover")
        try #require(desk.isTrading(), "\(desk.account)")
        try desk.settle("a stopped strategy")
    }

    @Test func ordersOfADeadStrategyAreTakenBackWhereItsLimitsSaySo() throws {
        let desk = try GatewayDesk(policy: #"{"mode": "never"}"#, limits: #"{"cancel_on_death": true}"#)
        try desk.add("maker", "market_maker", "--instrument", "ALPHA")
        try desk.gateway.start()
        try desk.engine.start(waitingFor: ["maker"])
        let id = try desk.engine.value("SELECT id FROM strategy_configs;")
        try #require(desk.isTrading(), "\(desk.account)")
        try #require(waitUntil(seconds: 20) { try desk.gateway.audit().of(id)?.openOrders.isEmpty == false })
        kill(try desk.engine.pid("maker"), SIGKILL)
        #expect(
            try waitUntil(seconds: 20) {
                try desk.gateway.audit().of(id)?.openOrders.isEmpty == true
                    && desk.engine.log.contains("orders back")
            }, "\(desk.engine.log)")
        _ = try desk.engine.sendCommand("start", to: "maker")
        try #require(desk.isTrading(), "\(desk.account)")
        try desk.settle("cancel on death")
    }

    @Test func aFlattenWithoutAGatewaySaysThatTheStrategyDoesNotRun() throws {
        let engine = try EngineHome()
        try engine.addSampleFeed(speed: "20")
        try engine.addThreeStrategies()
        try engine.start(waitingFor: ["maker"])
        _ = try engine.sendCommand("stop", to: "maker")
        let command = try engine.sendCommand("flatten", to: "maker")
        #expect(
            try engine.value("SELECT status || ': ' || error FROM strategy_commands WHERE id = '\(command)';")
                == "failed: maker is stopped: start it first")
    }

    static let wrong: [(settings: [String], says: String)] = [
        (["kind=gatewy"], "kind: 'gatewy' is not simulated or gateway"),
        (["kind=gateway"], "socket: is missing"),
        (["kind=gateway", "socket=g.sock"], "socket: 'g.sock' is not an absolute path"),
        (["socket=/tmp/g.sock"], "socket: needs kind gateway"),
        (
            ["kind=gateway", "socket=/tmp/g.sock", "taker_fee=0.1"],
            "taker_fee: is a setting of the simulated exchange"
        ),
    ]

    @Test(arguments: wrong) func aWrongVenueIsRefusedWithWhatIsWrong(settings: [String], says: String) throws
    {
        let engine = try EngineHome(seconds: 1)
        let result = try TradewindProgram.run(
            ["strategies", "add", "maker", "--class", "market_maker", "--instrument", "ALPHA"]
                + settings.flatMap { ["--venue", $0] }, home: engine.home)
        #expect(result.exitCode == 78 && result.errors.contains(says), "\(result.errors)")
    }
}

import Foundation
package import Testing

/// A real order gateway in a process of its own, and what its log says: the judge of lost and duplicate orders.
package final class OrderGateway {
    /// The executable that was built beside the tests.
    package static let path = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appendingPathComponent("order-gateway").path

    package let socket: String
    package let log: String
    private let home: String
    private let settings: [String]
    package private(set) var process: ProgramRun?

    /// Names a gateway with its socket and log in `directory` that fills against the bus of `home`; not started yet.
    package init(directory: String, home: String, settings: [String] = []) {
        socket = directory + "/gateway/orders.sock"
        log = directory + "/orders.log"
        self.home = home
        self.settings = settings
    }

    /// Starts it and waits until it listens.
    package func start(sourceLocation: SourceLocation = #_sourceLocation) throws {
        try #require(try launch(), "\(output)", sourceLocation: sourceLocation)
    }

    /// The same outside of a test; `false` when it does not listen.
    package func launch() throws -> Bool {
        let run = try ProgramRun(
            Self.path,
            ["serve", "--socket", socket, "--log", log, "--home", home]
                + settings.flatMap { ["--set", $0] })
        process = run
        let isListening = waitUntil(seconds: 20) { run.standardError.contains("listening") || !run.isRunning }
        return isListening && run.isRunning
    }

    /// Kills it without a word.
    package func kill() {
        process?.signal(SIGKILL)
        _ = process?.wait(seconds: 10)
        process = nil
    }

    /// What it printed since its last start.
    package var output: String { process?.standardError ?? "" }

    /// Runs another of its commands; the exit code and what it printed.
    package static func run(_ arguments: [String]) throws -> (
        exitCode: Int32?, output: String, errors: String
    ) {
        let run = try ProgramRun(path, arguments)
        let exitCode = run.wait(seconds: 60)
        return (exitCode, run.standardOutput, run.standardError)
    }

    /// The comparison of its log with the journals and the database of the home.
    package func compare() throws -> GatewayComparison {
        let result = try Self.run(["audit", log, "--home", home])
        return try JSONDecoder().decode(GatewayComparison.self, from: Data(result.output.utf8))
    }

    /// What its log says by itself.
    package func audit() throws -> GatewayAudit {
        let result = try Self.run(["audit", log])
        return try JSONDecoder().decode(GatewayAudit.self, from: Data(result.output.utf8))
    }

    /// How many reports of a kind it has made so far.
    package func count(of event: String) -> Int {
        let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        return text.components(separatedBy: "\"event\":\"\(event)\"").count - 1
    }

    /// Orders of strategies that came in so far, by strategy: cheaper to ask often than `audit`.
    package func orderCounts() -> [String: Int] {
        let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        var counts: [String: Int] = [:]
        for line in text.utf8.split(separator: 0x0A) {
            guard let line = String(line),
                line.contains(#""kind":"order""#), !line.contains(#""own":true"#),
                let id = line.components(separatedBy: #""strategy":""#).last?.prefix(while: { $0 != "\"" })
            else { continue }
            counts[String(id), default: 0] += 1
        }
        return counts
    }

    deinit { kill() }
}

/// What `order-gateway audit LOG` prints.
package struct GatewayAudit: Decodable, Sendable {
    package struct Strategy: Decodable, Sendable {
        package var strategy: String
        package var ordersSeen: Int
        package var duplicatesSeen: Int
        package var ownOrders: Int
        package var rejected: Int
        package var fills: Int
        package var reports: Int
        package var openOrders: [String]
        package var positions: [String: String]
        package var faults: [String]

        private enum CodingKeys: String, CodingKey {
            case strategy, rejected, fills, reports, positions, faults
            case ordersSeen = "orders_seen"
            case duplicatesSeen = "duplicates_seen"
            case ownOrders = "own_orders"
            case openOrders = "open_orders"
        }
    }

    package var lines: Int
    package var starts: Int
    package var strategies: [Strategy]

    /// One strategy's part.
    package func of(_ id: String) -> Strategy? { strategies.first { $0.strategy == id } }

    /// What a strategy holds of an instrument; `nil` when nothing.
    package func position(_ id: String, _ symbol: String) -> String? { of(id)?.positions[symbol] }
}

/// What `order-gateway audit LOG --home HOME` prints.
package struct GatewayComparison: Decodable, Sendable {
    package struct Strategy: Decodable, Sendable {
        package var strategy: String
        package var intents: Int
        package var ordersSeen: Int
        package var notReceived: Int
        package var unsettled: Int
        package var lost: [String]
        package var unintended: [String]
        package var contradicted: [String]
        package var duplicatesSeen: Int
        package var journalFills: Int
        package var gatewayFills: Int
        package var databaseOrders: Int
        package var databaseFills: Int
        package var fillsLost: [String]
        package var fillsTwice: [String]
        package var fillsMadeUp: [String]
        package var differentEnds: [String]
        package var differentPositions: [String]
        package var faults: [String]
    }

    package var clean: Bool
    package var strategies: [Strategy]

    /// Records an issue for everything that is not equal on all three sides, when all have come to rest.
    package func expectWhole(sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(clean, "\(self)", sourceLocation: sourceLocation)
        for found in strategies {
            #expect(
                found.intents == found.ordersSeen + found.notReceived, "\(found)",
                sourceLocation: sourceLocation)
            #expect(found.unsettled == 0, "\(found)", sourceLocation: sourceLocation)
            #expect(found.intents == found.databaseOrders, "\(found)", sourceLocation: sourceLocation)
            #expect(
                found.journalFills == found.gatewayFills && found.journalFills == found.databaseFills,
                "\(found)", sourceLocation: sourceLocation)
        }
    }

    /// The sums over all strategies, for people.
    package var summary: String {
        func sum(_ count: (Strategy) -> Int) -> Int { strategies.reduce(0) { $0 + count($1) } }
        return
            "\(sum(\.intents)) intents, \(sum(\.ordersSeen)) orders seen, \(sum(\.notReceived)) not received, "
            + "\(sum(\.lost.count)) lost, \(sum(\.duplicatesSeen) + sum(\.unintended.count)) twice or made up, "
            + "\(sum(\.journalFills)) fills, \(sum { $0.fillsLost.count }) lost, "
            + "\(sum { $0.fillsTwice.count + $0.fillsMadeUp.count }) twice or made up, "
            + "database \(sum(\.databaseOrders)) orders and \(sum(\.databaseFills)) fills"
    }
}

extension GatewayComparison.Strategy {
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
}

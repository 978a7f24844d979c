import ControlPlane
import Foundation
import Monitoring
import TestSupport
import Testing
import TradingModel

@Suite struct PrometheusTextTests {
    /// The text format of Prometheus, read strictly: what is no comment is a sample of the family announced above it.
    private struct Parser {
        var families: [String: (type: String, help: String)] = [:]
        var samples: [(name: String, labels: [String: String], value: Double)] = []
        private var keys: Set<String> = []
        private var current = ""

        struct Fault: Error { var line: String }

        init(_ text: String) throws {
            guard text.hasSuffix("\n") else { throw Fault(line: "the last line has no end") }
            for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false) {
                try take(String(line))
            }
        }

        private mutating func take(_ line: String) throws {
            if line.hasPrefix("# HELP ") {
                let parts = line.dropFirst(7).split(separator: " ", maxSplits: 1).map(String.init)
                guard parts.count == 2, families[parts[0]] == nil else { throw Fault(line: line) }
                families[parts[0]] = ("", parts[1])
                current = parts[0]
            } else if line.hasPrefix("# TYPE ") {
                let parts = line.dropFirst(7).split(separator: " ").map(String.init)
                guard parts.count == 2, parts[0] == current, ["gauge", "counter"].contains(parts[1]) else {
                    throw Fault(line: line)
                }
                families[current]?.type = parts[1]
            } else {
                try takeSample(line)
            }
        }

        private mutating func takeSample(_ line: String) throws {
            let name = String(line.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == ":" })
            guard name == current, families[name]?.type.isEmpty == false else { throw Fault(line: line) }
            var rest = line.dropFirst(name.count)
            var labels: [String: String] = [:]
            if rest.first == "{" {
                rest = rest.dropFirst()
                while rest.first != "}" {
                    let label = String(rest.prefix { $0.isLetter || $0 == "_" })
                    rest = rest.dropFirst(label.count)
                    guard rest.hasPrefix("=\""), labels[label] == nil else { throw Fault(line: line) }
                    rest = rest.dropFirst(2)
                    labels[label] = try Self.value(&rest, line)
                    if rest.first == "," { rest = rest.dropFirst() }
                }
                rest = rest.dropFirst()
            }
            guard rest.first == " ", let value = Double(rest.dropFirst()),
                keys.insert(name + "\(labels.sorted { $0.key < $1.key })").inserted
            else { throw Fault(line: line) }
            samples.append((name, labels, value))
        }

        private static func value(_ rest: inout Substring, _ line: String) throws -> String {
            var text = ""
            while let character = rest.popFirst() {
                if character == "\"" { return text }
                guard character == "\\" else {
                    text.append(character)
                    continue
                }
                switch rest.popFirst() {
                case "n": text.append("\n")
                case "\\": text.append("\\")
                case "\"": text.append("\"")
                default: throw Fault(line: line)
                }
            }
            throw Fault(line: line)
        }
    }

    private func overview() throws -> EngineOverview {
        let directory = try TemporaryDirectory()
        let home = HomeDirectory(path: directory.file("home"))
        try ControlStore.create(home)
        let store = try ControlStore.open(home, access: .manager)
        let row = try store.insertStrategy(NewStrategy(name: "earner", className: "crossing"))
        try store.insertStrategy(NewStrategy(name: "fresh", className: "crossing"))
        try store.insertFeed(name: "day", kind: "file")
        try store.insertMetrics([
            MetricsRow(
                strategyID: row.id, time: .epoch, epoch: 1, orderCount: 7, successRate: 0.25,
                realizedPnL: Money("12.5")!, unrealizedPnL: Money("-20")!, metricsJSON: #"{"fills_count": 3}"#
            )
        ])
        let reader = OverviewReader()
        try reader.refresh(store, now: .epoch)
        return reader.overview(
            OverviewReader.Surroundings(
                home: home.path, managerProcessID: 1, bus: BusView(), isAlive: { _ in true }),
            now: .epoch)
    }

    @Test func documentIsWellFormedAndHasUnitsAndHelp() throws {
        var overview = try overview()
        overview.strategies[1].name = "a\"b\\c\nd"
        let text = try Parser(PrometheusText.text(of: overview))
        #expect(text.samples.contains { $0.labels["strategy"] == "a\"b\\c\nd" }, "labels are escaped")
        #expect(text.families.count > 15)
        for (name, family) in text.families {
            #expect(
                name.hasPrefix("tradewind_") && family.help.hasSuffix(".") && !family.type.isEmpty, "\(name)")
            #expect(name.hasSuffix("_total") == (family.type == "counter"), "\(name)")
        }
    }

    @Test func valuesAreThoseOfTheOverview() throws {
        let text = try Parser(PrometheusText.text(of: try overview()))
        func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
            text.samples.first { $0.name == name && $0.labels == labels }?.value
        }
        let earner = ["strategy": "earner"]
        #expect(value("tradewind_strategy_pnl", earner) == -7.5)
        #expect(value("tradewind_strategy_orders_total", earner) == 7)
        #expect(value("tradewind_strategy_fills_total", earner) == 3)
        #expect(value("tradewind_strategy_success_ratio", earner) == 0.25)
        #expect(
            value("tradewind_strategy_pnl", ["strategy": "fresh"]) == nil, "what is not known is left out")
        #expect(value("tradewind_manager_up") == 1 && value("tradewind_bus_up") == 0)
        #expect(value("tradewind_strategy_status", ["strategy": "fresh", "status": "active"]) == 1)
        #expect(value("tradewind_feed_up", ["feed": "day", "kind": "file"]) == 0)
    }

    @Test func labelsAreBounded() throws {
        let text = try Parser(PrometheusText.text(of: try overview()))
        let names = Set(text.samples.flatMap(\.labels.keys))
        #expect(names.isSubset(of: ["strategy", "class", "status", "feed", "kind", "role", "name"]))
    }
}

import Foundation
import TestSupport
import Testing

/// What lies in `examples/monitoring` asks for metrics that there are, in a language that Prometheus understands.
@Suite struct MonitoringExampleTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    private static let folder = root.appendingPathComponent("examples/monitoring")

    @Test(arguments: ["grafana-dashboard.json", "alerts.yml"])
    func everyMetricIsOneThatIsExported(_ name: String) throws {
        let text = try String(contentsOf: Self.folder.appendingPathComponent(name), encoding: .utf8)
        let source = try String(
            contentsOf: Self.root.appendingPathComponent("Sources/Monitoring/PrometheusText.swift"),
            encoding: .utf8)
        let pattern = try NSRegularExpression(pattern: "tradewind_[a-z_]+")
        let found = pattern.matches(in: text, range: NSRange(text.startIndex..., in: text)).compactMap {
            Range($0.range, in: text).map { String(text[$0]) }
        }
        #expect(Set(found).count > 8)
        for metric in Set(found) {
            // Some families are made of a prefix and a name.
            let endings = ["tradewind_", "tradewind_strategy_", "tradewind_bus_"].compactMap { prefix in
                metric.hasPrefix(prefix) ? String(metric.dropFirst(prefix.count)) : nil
            }
            let isThere = ([metric] + endings).contains { source.contains("\"\($0)\"") }
            #expect(isThere, "\(name) asks for \(metric)")
        }
    }

    @Test func dashboardHasWhatGrafanaWantsOfOne() throws {
        let data = try Data(contentsOf: Self.folder.appendingPathComponent("grafana-dashboard.json"))
        let dashboard = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
        let panels = try #require(dashboard["panels"] as? [[String: Any]])
        #expect(dashboard["title"] is String && dashboard["schemaVersion"] is Int && panels.count > 10)
        #expect(Set(panels.compactMap { $0["id"] as? Int }).count == panels.count)
        var cells: Set<String> = []
        for panel in panels {
            let place = try #require(panel["gridPos"] as? [String: Int])
            let (x, y, w, h) = (place["x"] ?? -1, place["y"] ?? -1, place["w"] ?? 0, place["h"] ?? 0)
            #expect(x >= 0 && y >= 0 && w > 0 && h > 0 && x + w <= 24, "\(panel["title"] ?? "")")
            for column in x..<x + w {
                for row in y..<y + h {
                    #expect(cells.insert("\(column) \(row)").inserted, "panels lie on each other")
                }
            }
            let targets = try #require(panel["targets"] as? [[String: Any]])
            #expect(targets.allSatisfy { $0["expr"] is String && $0["refId"] is String })
        }
    }

    private static let hasPromtool =
        (try? ProgramRun("sh", ["-c", "command -v promtool"]))?.wait(seconds: 10) == 0

    @Test(.enabled(if: hasPromtool, "there is no promtool here (Debian: package prometheus)"))
    func rulesAreUnderstoodByPrometheus() throws {
        let run = try ProgramRun(
            "promtool", ["check", "rules", Self.folder.appendingPathComponent("alerts.yml").path])
        #expect(run.wait(seconds: 30) == 0, "\(run.standardOutput) \(run.standardError)")
    }
}

import ControlPlane
import Foundation
import Monitoring
import TradingEngine
import TradingModel

/// A strategy class as JSON.
struct ClassDocument: Encodable {
    private struct Parameter: Encodable {
        var name: String
        var kind: String
        var defaultValue: String
        var range: String
        var isLive: Bool
        var help: String

        enum CodingKeys: String, CodingKey {
            case name, kind, range, help
            case defaultValue = "default"
            case isLive = "live"
        }
    }

    private var name: String
    private var summary: String
    private var parameters: [Parameter]

    init(_ strategy: any Strategy.Type) {
        name = strategy.name
        summary = strategy.summary
        parameters = strategy.parameters.map {
            Parameter(
                name: $0.name, kind: $0.kind, defaultValue: $0.defaultText, range: $0.rangeText,
                isLive: $0.isLive,
                help: $0.help)
        }
    }
}

/// A strategy's row as JSON.
struct StrategyDocument: Encodable {
    private var id: String
    private var name: String
    private var className: String
    private var modulePath: String?
    private var status: String
    private var desiredState: String
    private var autoStart: Bool
    private var config: String
    private var limits: String
    private var configGeneration: Int64

    enum CodingKeys: String, CodingKey {
        case id, name, status
        case className = "class_name"
        case modulePath = "module_path"
        case desiredState = "desired_state"
        case autoStart = "auto_start"
        case config = "config_json"
        case limits = "limits_json"
        case configGeneration = "config_generation"
    }

    init(_ row: StrategyRow) {
        id = row.id
        name = row.name
        className = row.className
        modulePath = row.modulePath
        status = row.status.rawValue
        desiredState = row.desiredState.rawValue
        autoStart = row.isAutoStart
        config = row.configJSON
        limits = row.limitsJSON
        configGeneration = row.configGeneration
    }
}

/// A strategy for a person: row, processes, events.
struct StrategyPage {
    let row: StrategyRow
    let store: ControlStore

    func text() throws -> String {
        var lines = [
            "\(row.name)  \(row.className)  \(row.status.rawValue), desired \(row.desiredState.rawValue)",
            "id             \(row.id)", "configuration  \(row.configJSON)",
            "limits         \(row.limitsJSON)",
        ]
        if let module = row.modulePath { lines.append("module         \(module)") }
        let instances = try store.instances(strategyID: row.id, limit: 5)
        if !instances.isEmpty {
            var table = TextTable(">epoch", ">pid", "started", "ready", "ended", "reason", "order-log hash")
            for instance in instances {
                table.append(
                    String(instance.epoch), String(instance.pid), instance.startedAt.description,
                    instance.readyAt?.description ?? "-", instance.endedAt?.description ?? "-",
                    instance.reason ?? "", instance.orderLogHash ?? "")
            }
            lines += ["", table.rendered()]
        }
        let events = try store.events(strategyID: row.id, limit: 10)
        if !events.isEmpty {
            var table = TextTable("time", "from", "to", "reason")
            for event in events.reversed() {
                table.append(
                    event.time.description, event.fromStatus.rawValue, event.toStatus.rawValue, event.reason)
            }
            lines += ["", table.rendered()]
        }
        return lines.joined(separator: "\n")
    }
}

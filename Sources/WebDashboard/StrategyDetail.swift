import ControlPlane
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Monitoring
import TradingModel

/// One strategy with its configuration and the parameters of its class.
enum StrategyDetail {
    static func answer(_ call: Route.Call) async throws -> Response {
        let id = call.argument
        let row = try await call.site.reading { try $0.strategy(orProblem: id) }
        guard let line = try await call.site.overview().strategies.first(where: { $0.id == row.id }) else {
            throw Problem(.notFound, "unknown_strategy", "there is no strategy \(id.prefix(80))")
        }
        let classes = call.site.classes
        let executable = row.modulePath ?? call.site.settings.executable
        let parameters = try await call.site.blocking {
            executable.flatMap { classes.parameters(of: row.className, in: $0) }
        }
        var json = JSONWriter()
        json.object { json in
            json.member("strategy", line)
            json.member("module_path", row.modulePath)
            json.member("auto_start", row.isAutoStart)
            json.key("config")
            json.raw(row.configJSON.utf8)
            json.key("limits")
            json.raw(row.limitsJSON.utf8)
            json.key("restart_policy")
            json.raw(row.restartPolicyJSON.utf8)
            json.member("created_at", row.createdAt)
            json.member("updated_at", row.updatedAt)
            write(parameters, configJSON: row.configJSON, to: &json)
        }
        return Response(json: json)
    }

    private static func write(
        _ parameters: [ClassCatalog.Parameter]?, configJSON: String, to json: inout JSONWriter
    ) {
        guard let parameters else { return json.member("parameters", nil as String?) }
        let set =
            (try? JSONDecoder().decode(Configuration.self, from: Data(configJSON.utf8)))?.parameters ?? [:]
        json.arrayMember("parameters") { json in
            for parameter in parameters {
                json.object { json in
                    json.member("name", parameter.name)
                    json.member("kind", parameter.kind)
                    json.member("default", parameter.defaultValue)
                    json.member("range", parameter.range)
                    json.member("live", parameter.isLive)
                    json.member("help", parameter.help)
                    json.member("value", set[parameter.name].map(Self.text))
                }
            }
        }
    }

    private struct Configuration: Decodable { var parameters: [String: JSONValue]? }

    private static func text(_ value: JSONValue) -> String {
        if case .string(let text) = value { return text }
        return value.text
    }
}

/// The document of a curve.
enum CurveDocument {
    static func json(_ rows: [MetricsRow]) -> JSONWriter {
        var json = JSONWriter()
        json.object { json in
            json.arrayMember("items") { json in
                for row in rows {
                    json.object { json in
                        json.member("time", row.time)
                        json.member("pnl", row.pnl)
                        json.member("realized_pnl", row.realizedPnL)
                        json.member("unrealized_pnl", row.unrealizedPnL)
                        json.member("fees", row.fees)
                        json.member("equity", row.equity)
                        json.member("drawdown", row.drawdown)
                        json.member("positions_count", row.positionCount)
                        json.member("orders_count", row.orderCount)
                        json.member("epoch", row.epoch)
                        json.member("session", row.session)
                    }
                }
            }
        }
        return json
    }
}

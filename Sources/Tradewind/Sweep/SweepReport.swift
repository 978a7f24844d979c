import Backtesting
import ControlPlane
import Foundation
import Monitoring

/// A sweep's results for a person and for a script.
struct SweepReport {
    let store: SweepStore

    struct Document: Encodable {
        var objective: String
        var pointsCount: Int
        var points: [Point]

        enum CodingKeys: String, CodingKey {
            case objective, points
            case pointsCount = "points_count"
        }
    }

    struct Point: Encodable {
        var number: Int
        var window: Int
        var parameters: [String: String]
        var status: String
        var error: String?
        var objective: Double?
        var figures: [String: Double]
        var orderLogHash: String?

        enum CodingKeys: String, CodingKey {
            case number, window, parameters, status, error, objective, figures
            case orderLogHash = "order_log_hash"
        }

        init(_ row: SweepPointRow) throws {
            let decoder = JSONDecoder()
            number = row.number
            window = row.window
            parameters = try decoder.decode([String: String].self, from: Data(row.parametersJSON.utf8))
            status = row.status.rawValue
            error = row.error
            objective = row.objective
            figures = try decoder.decode([String: Double].self, from: Data(row.figuresJSON.utf8))
            orderLogHash = row.orderLogHash
        }

        /// The parameters in a fixed order.
        var parametersText: String {
            parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
        }
    }

    func document() throws -> Document {
        Document(
            objective: store.definition.objective, pointsCount: store.definition.pointCount,
            points: try store.points().map(Point.init))
    }

    /// The best points as a table, and how many there are.
    func text(top: Int) throws -> String {
        let objective = store.definition.objective
        var table = TextTable(
            ">point", "parameters", ">\(objective)", ">net PnL", ">trades", ">win rate", ">drawdown", "hash")
        for row in try store.best(top) {
            let point = try Point(row)
            table.append(
                "\(point.number)", point.parametersText, NumberText.fixed(point.objective, 4),
                NumberText.fixed(point.figures["net_pnl"], 2), NumberText.fixed(point.figures["trades"], 0),
                NumberText.percent(point.figures["win_rate"]),
                NumberText.percent(point.figures["max_drawdown_share"]), point.orderLogHash ?? "")
        }
        let points = try store.points()
        let failed = points.count { $0.status == .failed }
        let undefined = points.count { $0.status == .completed && $0.objective == nil }
        return table.rendered()
            + "\n\n\(points.count) of \(store.definition.pointCount) points, \(failed) failed, "
            + "\(undefined) without a \(objective)"
            + (undefined == points.count && undefined > 0
                ? "; choose another --objective, such as net_pnl or return_to_risk" : "")
    }
}

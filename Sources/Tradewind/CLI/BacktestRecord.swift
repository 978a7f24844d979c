import Backtesting
import ControlPlane
import Foundation
import TradingEngine
import TradingModel

/// A backtest as rows of `backtest_runs` and `backtest_trades`.
struct BacktestRecord {
    private let run: BacktestRunRow
    private let trades: [BacktestTradeRow]

    init(_ result: BacktestResult, settings: BacktestSettings) throws {
        let configuration = Configuration(
            strategies: result.strategies.map { strategy in
                Configuration.Strategy(
                    name: strategy.label, className: strategy.className,
                    instruments: strategy.instruments.map(\.symbol),
                    parameters: Self.dictionary(strategy.parameters.entries))
            }, venue: Self.dictionary(settings.venue), from: result.firstTime, until: result.lastTime,
            warmUpRecords: result.warmUpCount, seed: settings.seed)
        let paths = settings.files.map { URL(fileURLWithPath: $0).standardizedFileURL.path }
        run = BacktestRunRow(
            id: makeUUID(), className: result.strategies.map(\.className).joined(separator: "+"),
            configJSON: try Self.compact(configuration), sourcesJSON: try Self.compact(paths),
            seed: Int64(bitPattern: settings.seed), eventCount: Int64(clamping: result.eventsCount),
            orderCount: Int64(clamping: result.ordersCount), fillCount: Int64(clamping: result.fillsCount),
            netPnL: result.netPnL, fees: result.fees, maxDrawdown: result.maxDrawdown,
            successRate: result.statistics.trades.winRate, orderLogHash: result.orderLogHash,
            reportJSON: try Self.compact(BacktestDocument(result, includesTrades: false)))
        trades = result.trades.map { trade in
            BacktestTradeRow(
                strategy: result.strategies[trade.strategy].label, symbol: result.symbol(of: trade.token),
                side: trade.side, quantity: trade.quantity, entryPrice: trade.entryPrice,
                exitPrice: trade.exitPrice, entryTime: trade.entryTime, exitTime: trade.exitTime,
                netPnL: trade.netPnL, fees: trade.fees)
        }
    }

    /// Inserts the rows; the run's id.
    func insert(into store: ControlStore) throws -> String {
        try store.insertBacktest(run, trades: trades)
        return run.id
    }

    private struct Configuration: Encodable {
        struct Strategy: Encodable {
            var name: String
            var className: String
            var instruments: [String]
            var parameters: [String: String]

            enum CodingKeys: String, CodingKey {
                case name, instruments, parameters
                case className = "class_name"
            }
        }

        var strategies: [Strategy]
        var venue: [String: String]
        var from: Timestamp
        var until: Timestamp
        var warmUpRecords: Int
        var seed: UInt64

        enum CodingKeys: String, CodingKey {
            case strategies, venue, from, until, seed
            case warmUpRecords = "warm_up_records"
        }
    }

    private static func dictionary(_ inputs: [(name: String, text: String)]) -> [String: String] {
        Dictionary(inputs.map { ($0.name, $0.text) }) { _, last in last }
    }

    private static func compact(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}

import Foundation
import Testing
import TradingEngine
import TradingModel

/// Indicators against what TA-Lib and numpy say about the same series; `Fixtures/indicators.py` made the file.
@Suite struct IndicatorReferenceTests {
    private struct Table {
        private var columns: [String: [Double?]] = [:]
        let count: Int

        init() throws {
            let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .appendingPathComponent("Fixtures/indicators.csv")
            let lines = try String(contentsOf: path, encoding: .utf8).split(separator: "\n")
            let names = lines[0].split(separator: ",").map(String.init)
            count = lines.count - 1
            for line in lines.dropFirst() {
                let fields = line.split(separator: ",", omittingEmptySubsequences: false)
                for (name, field) in zip(names, fields) { columns[name, default: []].append(Double(field)) }
            }
        }

        /// A column that is an input and has a number in every row.
        func series(_ name: String) throws -> [Double] {
            try #require(columns[name]).map { try #require($0) }
        }

        func expected(_ name: String) throws -> [Double?] { try #require(columns[name]) }
    }

    private final class Box<Part> {
        var part: Part
        init(_ part: Part) { self.part = part }
    }

    /// An indicator as a test sees it: takes row after row, tells what it says, can be interrupted.
    private struct Probe {
        var add: (Int) -> Void
        var value: () -> Double?
        var restart: () throws -> Void

        init<Part: StateSaving>(
            _ part: Part, add: @escaping (inout Part, Int) -> Void,
            _ value: @escaping (Part) -> (Bool, Double)
        ) {
            let fresh = part
            let box = Box(part)
            self.add = { add(&box.part, $0) }
            self.value = {
                let (isReady, value) = value(box.part)
                return isReady ? value : nil
            }
            restart = {
                var writer = StateWriter()
                writer.append(box.part)
                var reader = StateReader(writer.state(version: 1))
                box.part = fresh
                try reader.read(into: &box.part)
                #expect(reader.isAtEnd)
            }
        }
    }

    private static func onClose(_ table: Table) throws -> [(column: String, probe: Probe)] {
        let close = try table.series("close")
        return [
            (
                "sma_10",
                Probe(SimpleMovingAverage(length: 10), add: { $0.add(close[$1]) }) { ($0.isReady, $0.value) }
            ),
            (
                "ema_10",
                Probe(ExponentialMovingAverage(length: 10), add: { $0.add(close[$1]) }) {
                    ($0.isReady, $0.value)
                }
            ),
            (
                "wma_10",
                Probe(WeightedMovingAverage(length: 10), add: { $0.add(close[$1]) }) {
                    ($0.isReady, $0.value)
                }
            ),
            (
                "rsi_14",
                Probe(RelativeStrengthIndex(), add: { $0.add(close[$1]) }) { ($0.isReady, $0.value) }
            ),
            (
                "rsi_2",
                Probe(RelativeStrengthIndex(length: 2), add: { $0.add(close[$1]) }) { ($0.isReady, $0.value) }
            ),
            ("macd", Probe(MACD(), add: { $0.add(close[$1]) }) { ($0.isReady, $0.value) }),
            ("macd_signal", Probe(MACD(), add: { $0.add(close[$1]) }) { ($0.isReady, $0.signal) }),
            ("macd_histogram", Probe(MACD(), add: { $0.add(close[$1]) }) { ($0.isReady, $0.histogram) }),
            (
                "bollinger_upper",
                Probe(BollingerBands(length: 20, width: 2.5), add: { $0.add(close[$1]) }) {
                    ($0.isReady, $0.upper)
                }
            ),
            (
                "bollinger_middle",
                Probe(BollingerBands(length: 20, width: 2.5), add: { $0.add(close[$1]) }) {
                    ($0.isReady, $0.value)
                }
            ),
            (
                "bollinger_lower",
                Probe(BollingerBands(length: 20, width: 2.5), add: { $0.add(close[$1]) }) {
                    ($0.isReady, $0.lower)
                }
            ),
            (
                "deviation_20",
                Probe(StandardDeviation(length: 20), add: { $0.add(close[$1]) }) { ($0.isReady, $0.value) }
            ),
            ("z_score_20", Probe(ZScore(length: 20), add: { $0.add(close[$1]) }) { ($0.isReady, $0.value) }),
            (
                "max_20",
                Probe(RollingMaximum(length: 20), add: { $0.add(close[$1]) }) { ($0.isReady, $0.value) }
            ),
            (
                "min_20",
                Probe(RollingMinimum(length: 20), add: { $0.add(close[$1]) }) { ($0.isReady, $0.value) }
            ),
        ]
    }

    private static func onBars(_ table: Table) throws -> [(column: String, probe: Probe)] {
        let high = try table.series("high")
        let low = try table.series("low")
        let close = try table.series("close")
        func range(_ value: @escaping (AverageTrueRange) -> (Bool, Double)) -> Probe {
            Probe(
                AverageTrueRange(), add: { $0.add(high: high[$1], low: low[$1], close: close[$1]) }, value)
        }
        func direction(
            _ length: Int, _ value: @escaping (AverageDirectionalIndex) -> Double
        ) -> Probe {
            Probe(
                AverageDirectionalIndex(length: length),
                add: { $0.add(high: high[$1], low: low[$1], close: close[$1]) }
            ) { ($0.isReady, value($0)) }
        }
        func oscillator(_ part: Stochastic, _ value: @escaping (Stochastic) -> Double) -> Probe {
            Probe(part, add: { $0.add(high: high[$1], low: low[$1], close: close[$1]) }) {
                ($0.isReady, value($0))
            }
        }
        func channel(_ value: @escaping (DonchianChannel) -> Double) -> Probe {
            Probe(DonchianChannel(), add: { $0.add(high: high[$1], low: low[$1]) }) {
                ($0.isReady, value($0))
            }
        }
        return [
            ("atr_14", range { ($0.isReady, $0.value) }),
            ("true_range", range { ($0.trueRange > 0 || $0.isReady, $0.trueRange) }),
            ("adx_14", direction(14) { $0.value }), ("adx_5", direction(5) { $0.value }),
            ("slow_k", oscillator(Stochastic()) { $0.value }),
            ("slow_d", oscillator(Stochastic()) { $0.signal }),
            ("fast_k", oscillator(.fast()) { $0.value }), ("fast_d", oscillator(.fast()) { $0.signal }),
            ("donchian_upper", channel { $0.upper }), ("donchian_lower", channel { $0.lower }),
            ("donchian_middle", channel { $0.value }),
        ]
    }

    private static func onTrading(_ table: Table) throws -> [(column: String, probe: Probe)] {
        let close = try table.series("close")
        let volume = try table.series("volume")
        let bid = try table.series("bid_size")
        let ask = try table.series("ask_size")
        func imbalance(_ length: Int) -> Probe {
            Probe(
                OrderBookImbalance(length: length), add: { $0.add(bidSize: bid[$1], askSize: ask[$1]) }
            ) { ($0.isReady, $0.value) }
        }
        return [
            ("imbalance", imbalance(1)), ("imbalance_5", imbalance(5)),
            (
                "vwap_50",
                Probe(
                    VolumeWeightedAveragePrice(session: .seconds(50)),
                    add: { $0.add(close[$1], size: volume[$1], at: Timestamp(seconds: Int64($1))) }
                ) { ($0.isReady, $0.value) }
            ),
        ]
    }

    private static let columns = [
        "sma_10", "ema_10", "wma_10", "rsi_14", "rsi_2", "macd", "macd_signal", "macd_histogram",
        "bollinger_upper", "bollinger_middle", "bollinger_lower", "deviation_20", "z_score_20", "max_20",
        "min_20",
        "atr_14", "true_range", "adx_14", "adx_5", "slow_k", "slow_d", "fast_k", "fast_d", "donchian_upper",
        "donchian_lower", "donchian_middle", "imbalance", "imbalance_5", "vwap_50",
    ]

    private static func probe(_ column: String, _ table: Table) throws -> Probe {
        let all = try onClose(table) + onBars(table) + onTrading(table)
        #expect(all.map(\.column) == columns)
        return try #require(all.first { $0.column == column }).probe
    }

    @Test(arguments: columns)
    func indicatorAgreesWithItsReferenceFromTheFirstValueOn(column: String) throws {
        let table = try Table()
        let probe = try Self.probe(column, table)
        let expected = try table.expected(column)
        for index in 0..<table.count {
            probe.add(index)
            let value = probe.value()
            #expect(
                (value == nil) == (expected[index] == nil), "\(column) is ready at the right row \(index)")
            guard let value, let reference = expected[index] else { continue }
            #expect(abs(value - reference) <= 1e-9 * max(1, abs(reference)), "\(column) row \(index)")
        }
    }

    /// Restarted after every row or never: the very same bits.
    @Test(arguments: columns)
    func restartedIndicatorGoesOnBitForBit(column: String) throws {
        let table = try Table()
        let whole = try Self.probe(column, table)
        let restarted = try Self.probe(column, table)
        for index in 0..<table.count {
            whole.add(index)
            restarted.add(index)
            try restarted.restart()
            #expect(whole.value()?.bitPattern == restarted.value()?.bitPattern, "\(column) row \(index)")
        }
    }

    /// Before the average of the index is ready, its two parts are.
    @Test func directionalIndicatorsAgreeFromTheBarAfterTheLength() throws {
        let table = try Table()
        let high = try table.series("high")
        let low = try table.series("low")
        let close = try table.series("close")
        var index = AverageDirectionalIndex(length: 14)
        for row in 0..<table.count {
            index.add(high: high[row], low: low[row], close: close[row])
            guard let plus = try table.expected("plus_di_14")[row],
                let minus = try table.expected("minus_di_14")[row]
            else {
                #expect(row < 14 && index.plus == 0 && index.minus == 0)
                continue
            }
            #expect(abs(index.plus - plus) < 1e-9 && abs(index.minus - minus) < 1e-9, "row \(row)")
        }
    }
}

import Backtesting
import Foundation
import Testing
import TradingModel

/// Figures against numbers worked out by hand, and against an independent computation in Python.
@Suite struct StatisticsTests {
    private static let day: Int64 = 86_400

    @Test func ratiosOfTwoAlternatingDailyReturnsAreThoseWorkedOutByHand() throws {
        // 40 days of +2 % and -1 %: mean 0.5 %; squared distances are all 0.015^2.
        var equity = 1_000_000.0
        var points: [(seconds: Int64, equity: Int)] = []
        for index in 0..<40 {
            equity *= index % 2 == 0 ? 1.02 : 0.99
            points.append((Int64(index) * Self.day + 100, Int(equity.rounded())))
        }
        let figures = Curves.statistics(Curves.curve(start: 1_000_000, points))
        let returns = try #require(figures.returns)
        #expect(returns.period == "1d" && returns.values.count == 40 && returns.periodsPerYear == 365)
        let deviation = 0.015 * (40.0 / 39).squareRoot()
        expect(figures.volatility, deviation * 365.0.squareRoot(), within: 1e-5)
        expect(figures.sharpe, 0.005 / deviation * 365.0.squareRoot(), within: 1e-3)
        // Downside: half of the returns are -1 %, so the root mean square is 0.01 / sqrt 2.
        expect(figures.sortino, 0.005 / (0.01 / 2.0.squareRoot()) * 365.0.squareRoot(), within: 1e-3)
        expect(figures.maxDrawdownShare, 0.01, within: 1e-5)
    }

    @Test func growthAndCalmarOfADoublingWithinTwoYears() throws {
        let twoYears = Int64(2 * 365.25 * 86_400)
        let figures = Curves.statistics(
            Curves.curve(start: 100, [(Self.day, 80), (2 * Self.day, 120), (twoYears, 400)]))
        #expect(figures.totalReturn == 3)
        // Four times in two years is twice a year.
        expect(figures.annualGrowth, 1, within: 1e-9)
        expect(figures.maxDrawdownShare, 0.2, within: 1e-12)
        expect(figures.calmar, 5, within: 1e-8)
    }

    @Test func drawdownsHaveTheirPeaksTroughsAndDurations() throws {
        let figures = Curves.statistics(
            Curves.curve(start: 100, [(10, 110), (20, 99), (30, 88), (40, 110), (50, 105), (60, 108)]))
        let found = figures.drawdowns
        #expect(found.map(\.depthE8) == [Money(22).e8, Money(5).e8])
        #expect(found[0].start == Timestamp(seconds: 10) && found[0].trough == Timestamp(seconds: 30))
        #expect(found[0].end == Timestamp(seconds: 40) && found[0].share == 0.2)
        #expect(found[1].end == nil && found[1].duration(until: figures.end) == .seconds(20))
        #expect(figures.longestDrawdownSeconds == 30)
    }

    @Test func tradesAddUpAsWorkedOutByHand() throws {
        let trades = [10, -5, 20, 30, 0, -15, -10, 5].map { Curves.trade($0) }
        var totals = TradeStatistics()
        for trade in trades { totals.add(trade) }
        #expect(totals.count == 8 && totals.winCount == 4 && totals.lossCount == 3)
        #expect(totals.winRate == 0.5)
        expect(totals.profitFactor, 65.0 / 30, within: 1e-12)
        expect(totals.expectancy, 35.0 / 8, within: 1e-12)
        expect(totals.averageWin, 16.25, within: 1e-12)
        expect(totals.averageLoss, -10, within: 1e-12)
        #expect(totals.longestWinningStreak == 2 && totals.longestLosingStreak == 2)
        // Squares of the PnL add up to 1775; minus 8 times the mean squared; divided by 7.
        let deviation = ((1_775 - 8 * (35.0 / 8) * (35.0 / 8)) / 7).squareRoot()
        expect(totals.systemQuality, 8.0.squareRoot() * (35.0 / 8) / deviation, within: 1e-12)
        #expect(totals.averageHeldSeconds == 1)
    }

    @Test func whatIsNotDefinedIsNull() throws {
        // No trades and equity that never moves.
        let flat = Curves.statistics(Curves.curve(start: 100, (1...50).map { ($0 * Self.day, 100) }))
        for name in [
            "volatility", "sharpe", "sortino", "calmar", "win_rate", "profit_factor", "expectancy", "sqn",
        ] {
            #expect(try #require(StatisticsMetric.named(name)).value(flat) == nil, "\(name)")
        }
        #expect(flat.totalReturn == 0 && flat.annualGrowth == 0 && flat.maxDrawdownShare == 0)
        // Under a day says nothing about a year.
        let short = Curves.statistics(Curves.curve(start: 100, [(3_600, 101)]))
        #expect(short.annualGrowth == nil && short.calmar == nil && short.returns == nil)
        // Equity that was lost has no returns.
        let lost = Curves.statistics(Curves.curve(start: 100, (1...50).map { ($0 * Self.day, 10 - Int($0)) }))
        #expect(lost.returns == nil && lost.monthly.isEmpty && lost.sharpe == nil && lost.annualGrowth == nil)
        // One trade, and equal trades, have no deviation.
        var totals = TradeStatistics()
        totals.add(Curves.trade(5))
        #expect(totals.systemQuality == nil && totals.profitFactor == nil)
        totals.add(Curves.trade(5))
        #expect(totals.systemQuality == nil)
        let json = String(
            decoding: try JSONEncoder().encode(StatisticsDocument(statistics: flat)), as: UTF8.self)
        #expect(json.contains("\"sharpe\":null") && json.contains("\"return_period\":\"1d\""))
    }

    @Test(arguments: [(29, "1h"), (30, "1d")])
    func returnsAreOverTheLongestPeriodOfWhichThereAreThirty(_ days: Int, _ period: String) throws {
        let points = (0..<(days * 24)).map { (seconds: Int64($0) * 3_600 + 1, equity: 1_000 + $0 % 7) }
        let returns = try #require(Curves.statistics(Curves.curve(start: 1_000, points)).returns)
        #expect(returns.period == period)
        #expect(returns.values.count == (period == "1d" ? days : days * 24))
    }

    @Test func monthsBeginAndEndInUTC() throws {
        let march = try #require(Timestamp(iso8601: "2026-03-01")).nanoseconds / 1_000_000_000
        let figures = Curves.statistics(
            Curves.curve(
                start: 100, [(march - 86_400, 105), (march - 1, 110), (march, 99), (march + 86_400, 121)]))
        #expect(figures.monthly.map(\.month) == [2, 3] && figures.monthly.map(\.year) == [2026, 2026])
        expect(figures.monthly[0].value, 0.1, within: 1e-12)
        expect(figures.monthly[1].value, 0.1, within: 1e-12)
    }

    @Test func figuresEqualAnIndependentComputation() throws {
        var generator = SeededGenerator(seed: 11)
        var equity = 100_000.0
        let points = (0..<700).map { index -> (seconds: Int64, equity: Int) in
            equity *= 1 + 0.0003 + 0.01 * generator.nextNormal()
            return (Int64(index) * Self.day + 500, Int(equity))
        }
        let pnl = (0..<200).map { _ in Int(generator.nextNormal() * 100) }
        let figures = Curves.statistics(
            Curves.curve(start: 100_000, points), trades: pnl.map { Curves.trade($0) }, daysPerYear: 252)
        let script = """
            import json, math, statistics as st, sys
            d = json.load(sys.stdin); e = [100000] + d["equity"]; t = d["pnl"]
            r = [b / a - 1 for a, b in zip(e, e[1:])]
            m = st.fmean(r); s = st.stdev(r); k = math.sqrt(252)
            down = math.sqrt(sum(min(x, 0) ** 2 for x in r) / len(r))
            peak, dd = 0, 0
            for x in e:
                peak = max(peak, x); dd = max(dd, 1 - x / peak)
            years = d["seconds"] / (365.25 * 86400); g = (e[-1] / e[0]) ** (1 / years) - 1
            win = sum(x for x in t if x > 0); loss = -sum(x for x in t if x < 0)
            print(json.dumps({"volatility": s * k, "sharpe": m / s * k, "sortino": m / down * k, "cagr": g,
              "max_drawdown_share": dd, "calmar": g / dd, "total_return": e[-1] / e[0] - 1,
              "profit_factor": win / loss, "expectancy": st.fmean(t),
              "sqn": math.sqrt(len(t)) * st.fmean(t) / st.stdev(t), "win_rate": sum(x > 0 for x in t) / len(t)}))
            """
        let input = Input(
            equity: points.map(\.equity), pnl: pnl, seconds: Double(points[699].seconds))
        let expected = try JSONDecoder().decode(
            [String: Double].self, from: try python(script, JSONEncoder().encode(input)))
        #expect(expected.count == 11)
        for (name, value) in expected {
            expect(
                try #require(StatisticsMetric.named(name)).value(figures), value, within: abs(value) * 1e-9)
        }
    }

    private struct Input: Encodable {
        var equity: [Int]
        var pnl: [Int]
        var seconds: Double
    }

    private func python(_ script: String, _ input: Data) throws -> Data {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", script]
        let (inbound, outbound) = (Pipe(), Pipe())
        process.standardInput = inbound
        process.standardOutput = outbound
        try process.run()
        // 700 numbers fit into the pipe.
        inbound.fileHandleForWriting.write(input)
        try inbound.fileHandleForWriting.close()
        let output = outbound.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return output
    }

    private func expect(
        _ value: Double?, _ expected: Double, within tolerance: Double,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        guard let value else {
            Issue.record("nothing instead of \(expected)", sourceLocation: sourceLocation)
            return
        }
        #expect(
            abs(value - expected) <= tolerance, "\(value), not \(expected)", sourceLocation: sourceLocation)
    }
}

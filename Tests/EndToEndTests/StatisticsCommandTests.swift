import Foundation
import TestSupport
import Testing

/// The figures of `backtest -o` against a computation of their own in Python, from the CSV files beside them.
@Suite struct StatisticsCommandTests {
    struct Case: CustomTestStringConvertible {
        var testDescription: String
        var classes: [String]
        var arguments: [String]
        /// Records a second and days of the data.
        var rate = "0.02"
        var days = 40
        var daysPerYear = "365"
        var currencyRate = "1"
        /// Figures that must be null, and ones that must not.
        var undefined: [String] = []
        var defined: [String] = []
    }

    private static let crossover = ["--set", "fast=5", "--set", "slow=20", "--instrument", "ALPHA"]
    static let cases = [
        Case(
            testDescription: "40 days with fees", classes: ["moving_average_crossover"],
            arguments: crossover + ["--venue", "taker_fee=0.0002", "--set", "quantity=100"],
            defined: ["cagr", "sharpe", "sortino", "calmar", "sqn", "volatility"]),
        Case(
            testDescription: "252 days a year", classes: ["bollinger_reversion"],
            arguments: ["--instrument", "BETA"], daysPerYear: "252", defined: ["sharpe"]),
        Case(
            testDescription: "three strategies on one account",
            classes: ["moving_average_crossover", "market_maker", "pair_spread"],
            arguments: ["--instrument", "moving_average_crossover=ALPHA", "market_maker=BETA"], days: 10,
            defined: ["sharpe", "sqn"]),
        Case(
            testDescription: "no trades", classes: ["moving_average_crossover"],
            arguments: ["--limit", "max_order_quantity=0.00000001"] + crossover,
            undefined: ["sharpe", "sortino", "calmar", "win_rate", "profit_factor", "sqn", "best_trade"],
            defined: ["cagr", "max_drawdown_share"]),
        Case(
            testDescription: "less than a day", classes: ["moving_average_crossover"], arguments: crossover,
            rate: "2", days: 0, undefined: ["cagr", "volatility", "sharpe", "sortino", "calmar"],
            defined: ["return_to_risk", "expectancy"]),
        Case(
            testDescription: "all capital lost", classes: ["moving_average_crossover"],
            arguments: crossover + ["--venue", "starting_cash=5", "--venue", "taker_fee=0.01"],
            undefined: ["cagr", "volatility", "sharpe", "sortino", "calmar"], defined: ["total_return"]),
        Case(
            testDescription: "no capital at all", classes: ["moving_average_crossover"],
            arguments: crossover + ["--venue", "starting_cash=0"],
            undefined: ["total_return", "cagr", "sharpe", "calmar", "turnover_ratio"],
            defined: ["net_pnl", "trades"]),
        Case(
            testDescription: "an account in euros", classes: ["moving_average_crossover"],
            arguments: crossover + ["--venue", "currency=EUR", "--venue", "rates=USD=0.9"],
            currencyRate: "0.9",
            defined: ["sharpe", "turnover_ratio"]),
    ]

    @Test(arguments: cases) func figuresAreThoseOfAnIndependentComputation(item: Case) throws {
        let directory = try TemporaryDirectory()
        let (ticks, output) = (directory.file("t.ticks"), directory.file("out"))
        let seconds = item.days == 0 ? 7_200 : item.days * 86_400
        let made = try TradewindProgram.run(
            "ticks", "synth", "-o", ticks, "--symbol", "ALPHA", "--symbol", "BETA", "--rate", item.rate,
            "--seconds", "\(seconds)", "--seed", "5", home: directory.path)
        try #require(made.exitCode == 0, "\(made.errors)")
        let run = try TradewindProgram.run(
            ["backtest"] + item.classes + [
                "--data", ticks, "-o", output, "--days-per-year", item.daysPerYear,
            ]
                + item.arguments, home: directory.path)
        try #require(run.exitCode == 0, "\(run.errors)")
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("independent_statistics.py").path
        let judge = try ProgramRun("python3", [script, output, item.daysPerYear, item.currencyRate])
        #expect(judge.wait(seconds: 60) == 0, "\(judge.standardOutput)\(judge.standardError)")
        let data = try Data(contentsOf: URL(fileURLWithPath: output + "/result.json"))
        let result = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let figures = try #require(result["statistics"] as? [String: Any])
        for name in item.undefined {
            #expect(figures[name] is NSNull, "\(name): \(figures[name] ?? "missing")")
        }
        for name in item.defined {
            #expect(figures[name] is NSNumber, "\(name): \(figures[name] ?? "missing")")
        }
    }
}

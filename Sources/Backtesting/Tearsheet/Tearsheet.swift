import TradingEngine
import TradingModel

/// A backtest on one page of HTML that needs nothing else: no network, no script; drawings are inline SVG.
package struct Tearsheet {
    private let result: BacktestResult
    private let sensitivity: [Sensitivity.Row]
    private let bias: BiasCheck.Report?
    private var statistics: Statistics { result.statistics }

    /// Of a result and what its checks found, as far as they were made.
    package init(_ result: BacktestResult, sensitivity: [Sensitivity.Row] = [], bias: BiasCheck.Report? = nil)
    {
        self.result = result
        self.sensitivity = sensitivity
        self.bias = bias
    }

    /// The page.
    package var html: String {
        let title = Chart.escaped("\(result.title): \(NumberText.fixed(statistics.netPnL, 2))")
        return """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><title>\(title)</title>
            <meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
            <style>\(TearsheetStyle.css)</style></head><body><main>
            \(heading)
            \(section("Figures", figures))
            \(section("Equity", equityChart, note: "one point every \(interval) in which there were records"))
            \(section("Drawdown", drawdownChart + drawdownTable))
            \(section("Monthly returns", monthlyTable))
            \(section("Distribution of returns", distributionChart, note: distributionNote))
            \(priceSections)
            \(section("Strategies", strategyTable))
            \(section("Sensitivity", sensitivityTable))
            \(section("Bias", biasList))
            \(section("Assumptions", assumptions))
            </main></body></html>

            """
    }

    private var interval: String {
        NumberText.duration(seconds: Double(statistics.curveInterval.wholeNanoseconds) / 1e9)
    }

    private func section(_ title: String, _ content: String, note: String = "") -> String {
        guard !content.isEmpty else { return "" }
        let text = note.isEmpty ? "" : " <small>\(Chart.escaped(note))</small>"
        return "<section><h2>\(Chart.escaped(title))\(text)</h2>\(content)</section>"
    }

    private var heading: String {
        let symbols = result.instruments.map(\.symbol).joined(separator: ", ")
        return """
            <header><h1>\(Chart.escaped(result.title))</h1>
            <p>\(Chart.escaped(symbols)) · \(result.firstTime) to \(result.lastTime) · \(result.eventsCount) records ·
            seed \(result.seed) · order-log hash <code>\(result.orderLogHash)</code></p></header>
            """
    }

    // MARK: - Figures

    private var figures: String {
        let cells = StatisticsMetric.all.map { metric in
            let value = metric.value(statistics)
            let style = Self.signed.contains(metric.name) ? Self.style(value) : ""
            return "<div><dt>\(Chart.escaped(metric.title))</dt>"
                + "<dd class=\"\(style)\">\(NumberText.text(value, metric.unit))</dd></div>"
        }
        var basis = "Volatility, Sharpe and Sortino are not defined: there are too few returns, or no equity."
        if let returns = statistics.returns {
            let factor = NumberText.fixed(returns.periodsPerYear, 0)
            basis =
                "Volatility, Sharpe and Sortino rest on \(returns.values.count) returns over \(returns.period),"
                + " made yearly with \(factor) periods a year when the data lasts a day or more. A dash is a figure that is not defined here."
        }
        return "<dl>\(cells.joined())</dl><p><small>\(basis)</small></p>"
    }

    private var strategyTable: String {
        let head = [
            "strategy", "class", "parameters", "orders", "denied", "fills", "fees", "net PnL",
            "order-log hash",
        ]
        let rows = result.strategies.map { strategy in
            [
                strategy.label, strategy.className,
                strategy.parameters.entries.map { "\($0.name)=\($0.text)" }.joined(separator: " "),
                "\(strategy.status.ordersCount)", "\(strategy.status.deniedCount)",
                "\(strategy.status.fillsCount)", "\(strategy.status.fees)", "\(strategy.netPnL)",
                "\(strategy.status.orderLogHash)",
            ]
        }
        return Self.table(head, rows)
    }

    private var sensitivityTable: String {
        guard !sensitivity.isEmpty else { return "" }
        let rows = sensitivity.map { row in
            [
                row.variant.name, "\(row.result.netPnL)", NumberText.fixed(row.result.statistics.sharpe, 2),
                "\(row.result.statistics.trades.count)", "\(row.result.fees)", "\(row.result.maxDrawdown)",
                row.variant.text,
            ]
        }
        return Self.table(["assumption", "net PnL", "Sharpe", "trades", "fees", "drawdown", "what"], rows)
    }

    private var biasList: String {
        guard let bias else { return "" }
        return "<pre>\(Chart.escaped(bias.findings(differencesMax: 5).joined(separator: "\n")))</pre>"
    }

    private var assumptions: String {
        let items = Assumptions(
            result.venue, strategyCount: result.strategies.count, daysPerYear: result.daysPerYear
        ).items
        let rows = items.map {
            "<li><b>\(Chart.escaped($0.name))</b> \(Chart.escaped($0.text))</li>"
        }
        return "<ul>\(rows.joined())</ul>"
    }

    private var drawdownTable: String {
        guard !statistics.drawdowns.isEmpty else { return "" }
        let rows = statistics.drawdowns.map { drawdown in
            [
                NumberText.percent(drawdown.share), "\(Money(e8: drawdown.depthE8))", "\(drawdown.start)",
                "\(drawdown.trough)", drawdown.end?.description ?? "not yet",
                NumberText.duration(
                    seconds: Double(drawdown.duration(until: statistics.end).wholeNanoseconds) / 1e9),
            ]
        }
        return Self.table(["depth", "amount", "peak", "trough", "recovered", "duration"], rows)
    }

    private var monthlyTable: String {
        guard !statistics.monthly.isEmpty else { return "" }
        let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let years = Array(Set(statistics.monthly.map(\.year))).sorted()
        let rows = years.map { year in
            let months = (1...12).map { month in
                statistics.monthly.first { $0.year == year && $0.month == month }?.value
            }
            // Returns that follow each other multiply.
            let total = months.compactMap { $0 }.reduce(1) { $0 * (1 + $1) } - 1
            let cells = (months + [total]).map { value in
                "<td class=\"\(Self.style(value))\">\(value == nil ? "" : NumberText.percent(value))</td>"
            }
            return "<tr><th>\(year)</th>\(cells.joined())</tr>"
        }
        let head = ([""] + names + ["year"]).map { "<th>\($0)</th>" }.joined()
        return "<div class=\"wide\"><table><tr>\(head)</tr>\(rows.joined())</table></div>"
    }

    /// Figures whose sign is good or bad.
    private static let signed: Set<String> = [
        "net_pnl", "total_return", "cagr", "expectancy", "average_win", "average_loss", "best_trade",
        "worst_trade",
    ]

    private static func style(_ value: Double?) -> String {
        guard let value, value != 0 else { return "" }
        return value < 0 ? "bad" : "good"
    }

    private static func table(_ head: [String], _ rows: [[String]]) -> String {
        let headRow = head.map { "<th>\(Chart.escaped($0))</th>" }.joined()
        let body = rows.map { row in
            "<tr>" + row.map { "<td>\(Chart.escaped($0))</td>" }.joined() + "</tr>"
        }
        return "<div class=\"wide\"><table class=\"text\"><tr>\(headRow)</tr>\(body.joined())</table></div>"
    }
}

// MARK: - Charts

extension Tearsheet {
    private static func seconds(_ time: Timestamp) -> Double { Double(time.nanoseconds) / 1e9 }

    /// The times of the curve, which begin and end with the data.
    private var times: ClosedRange<Double> {
        let first = Self.seconds(result.firstTime)
        return first...max(first, Self.seconds(result.curve.points.last?.time ?? result.lastTime))
    }

    private var equityPoints: [(x: Double, y: Double)] {
        let start = result.curve.start
        return [(Self.seconds(start.time), start.equity.doubleValue)]
            + result.curve.points.map { (Self.seconds($0.time), $0.equity.doubleValue) }
    }

    private var equityChart: String {
        let points = equityPoints
        let values = points.map(\.y)
        guard let low = values.min(), let high = values.max() else { return "" }
        var chart = Chart(height: 300, x: times, y: low...high)
        chart.addVerticalMarks { NumberText.fixed($0, $1) }
        chart.addTimeMarks()
        chart.addLevel(statistics.startingEquity)
        chart.addLine(points, style: "equity")
        return chart.svg(
            label: "Equity from \(NumberText.fixed(values.first, 2)) to \(NumberText.fixed(values.last, 2))")
    }

    private var drawdownChart: String {
        var peak = -Double.infinity
        let points = equityPoints.map { point -> (x: Double, y: Double) in
            peak = max(peak, point.y)
            return (point.x, peak > 0 ? point.y / peak - 1 : 0)
        }
        guard let low = points.map(\.y).min() else { return "" }
        // Without any loss the scale is of a percent.
        var chart = Chart(height: 170, x: times, y: (low < 0 ? low : -0.01)...0, margin: 0.02)
        chart.addVerticalMarks(4) { NumberText.fixed($0 * 100, max(0, $1 - 2)) + " %" }
        chart.addTimeMarks()
        chart.addArea(points, base: 0, style: "drawdown")
        return chart.svg(label: "Loss from the last peak, at most \(NumberText.percent(-low))")
    }

    private var distributionNote: String {
        guard let returns = statistics.returns else { return "" }
        let flat = returns.values.count { $0 == 0 }
        return "\(returns.values.count) returns over \(returns.period)"
            + (flat > 0 ? ", \(flat) of exactly zero are not drawn" : "")
    }

    private var distributionChart: String {
        // Periods without a position would hide all others.
        let values = (statistics.returns?.values ?? []).filter { $0 != 0 }
        guard let low = values.min(), let high = values.max(), low < high else { return "" }
        // Zero is where a bin begins, so that none has gains and losses.
        let step = (max(high, 0) - min(low, 0)) / 40
        let first = (min(low, 0) / step).rounded(.down)
        let count = Int((max(high, 0) / step).rounded(.up) - first) + 1
        var bins = Array(repeating: 0, count: count)
        for value in values { bins[min(count - 1, max(0, Int((value / step).rounded(.down) - first)))] += 1 }
        var chart = Chart(
            height: 200, x: (first * step)...((first + Double(count)) * step), y: 0...Double(bins.max() ?? 1),
            margin: 0)
        chart.addVerticalMarks(4) { value, _ in NumberText.fixed(value, 0) }
        chart.addHorizontalMarks { NumberText.fixed($0 * 100, max(0, $1 - 2)) + " %" }
        for (index, bin) in bins.enumerated() where bin > 0 {
            let from = (first + Double(index)) * step
            let middle = from + step / 2
            chart.addBar(
                from: from, to: from + step, base: 0, value: Double(bin), style: middle < 0 ? "loss" : "gain",
                title: "\(bin) returns from \(NumberText.percent(from)) to \(NumberText.percent(from + step))"
            )
        }
        return chart.svg(label: "How often returns of each size came")
    }

    private var priceSections: String {
        result.chartedInstruments.indices.map { index in
            let instrument = result.chartedInstruments[index]
            let fills = result.strategies.flatMap { $0.fillMarks.marks }.filter {
                $0.token == instrument.token
            }
            let stride = result.strategies.map(\.fillMarks.stride).max() ?? 1
            let isThinned = stride > 1 ? ", one of \(stride) drawn" : ""
            return section(
                "Price of \(instrument.symbol)", priceChart(index, fills),
                note: "with fills, ▲ buy, ▼ sell\(isThinned)")
        }.joined(separator: "\n")
    }

    private func priceChart(_ place: Int, _ fills: [FillMarks.Mark]) -> String {
        let width = result.curve.priceCount
        let points = result.curve.points.indices.compactMap { index -> (x: Double, y: Double)? in
            let price = result.curve.prices[index * width + place]
            return price.isZero ? nil : (Self.seconds(result.curve.points[index].time), price.doubleValue)
        }
        let values = points.map(\.y) + fills.map(\.price.doubleValue)
        guard let low = values.min(), let high = values.max() else { return "" }
        var chart = Chart(height: 300, x: times, y: low...high)
        chart.addVerticalMarks { NumberText.fixed($0, $1) }
        chart.addTimeMarks()
        chart.addLine(points, style: "price")
        // Few are to be found, many are not to hide the price.
        let size = fills.count <= 60 ? 14.0 : fills.count <= 300 ? 10 : 7
        for fill in fills {
            let isBuy = fill.side == .buy
            chart.addMarker(
                x: Self.seconds(fill.time), y: fill.price.doubleValue, size: size, isUp: isBuy,
                style: (isBuy ? "buy" : "sell") + (fills.count > 300 ? " many" : ""),
                title: "\(fill.side) at \(fill.price), \(fill.time)")
        }
        return chart.svg(
            label: "Price of \(result.chartedInstruments[place].symbol) with \(fills.count) fills")
    }
}

package import TradingModel

/// The files of one backtest: `trades.csv` and `orders.csv` are written while it runs, `equity.csv`, `result.json` and
/// `tearsheet.html` at its end.
package final class ResultDirectory {
    private let path: String
    private let replaces: Bool
    private let labels: [String]
    private let symbols: [InstrumentToken: String]
    private let trades: ResultFile
    private let orders: ResultFile
    private var tradeCount = 0

    /// Makes the directory and begins its files; throws when one of them exists and may not be replaced.
    package init(path: String, replaces: Bool, labels: [String], instruments: [Instrument])
        throws(BacktestError)
    {
        self.path = path
        self.replaces = replaces
        self.labels = labels
        symbols = Dictionary(instruments.map { ($0.token, $0.symbol) }) { first, _ in first }
        try ResultFile.makeDirectory(path)
        trades = try ResultFile(path: path + "/trades.csv", replaces: replaces)
        orders = try ResultFile(path: path + "/orders.csv", replaces: replaces)
        try trades.write(
            "number,strategy,symbol,side,quantity,entry_time,entry_price,exit_time,exit_price,realized_pnl,fees,net_pnl\n"
        )
        try orders.write(
            "time,strategy,order_id,event,symbol,side,type,time_in_force,quantity,price,filled_quantity,reason,"
                + "fill_price,fill_quantity,fee,liquidity,realized_pnl,position_after\n")
    }

    package func add(_ closed: [BacktestTrade]) throws(BacktestError) {
        for trade in closed {
            tradeCount += 1
            let fields = [
                "\(tradeCount)", label(trade.strategy), symbol(trade.token), trade.side.description,
                trade.quantity.description, Self.time(trade.entryTime), trade.entryPrice.description,
                Self.time(trade.exitTime), trade.exitPrice.description, trade.realizedPnL.description,
                trade.fees.description, trade.netPnL.description,
            ]
            try trades.write(fields.map(Self.quoted).joined(separator: ",") + "\n")
        }
    }

    package func add(_ entries: [OrderLogEntry]) throws(BacktestError) {
        for entry in entries { try orders.write(row(entry)) }
    }

    /// Writes the rest and ends all files.
    package func finish(_ result: BacktestResult, json: String, tearsheet: String) throws(BacktestError) {
        try trades.close()
        try orders.close()
        let equity = try ResultFile(path: path + "/equity.csv", replaces: replaces)
        let prices = result.chartedInstruments.map { "," + Self.quoted("price_" + $0.symbol) }.joined()
        try equity.write("time,equity,has_position\(prices)\n")
        for (index, point) in result.curve.points.enumerated() {
            let width = result.curve.priceCount
            let row = result.curve.prices[index * width..<(index + 1) * width]
            let cells = row.map { $0.isZero ? "," : ",\($0)" }.joined()
            try equity.write("\(Self.time(point.time)),\(point.equity),\(point.isExposed ? 1 : 0)\(cells)\n")
        }
        try equity.close()
        try ResultFile.write(json + "\n", to: path + "/result.json", replaces: replaces)
        try ResultFile.write(tearsheet, to: path + "/tearsheet.html", replaces: replaces)
    }

    // MARK: - Rows

    private func row(_ entry: OrderLogEntry) -> String {
        let start = [Self.time(entry.time), label(entry.strategy)]
        let fields: [String]
        switch entry.record {
        case .orderSubmitted(let order):
            fields = [
                order.id.description, order.status.description, symbol(order.token), order.side.description,
                order.type.description, order.timeInForce.description, order.quantity.description,
                order.price.isZero ? "" : order.price.description, order.filledQuantity.description, "", "",
                "",
                "", "", "", "",
            ]
        case .orderUpdated(let update):
            fields = [
                update.id.description, update.status.description, "", "", "", "", "", "",
                update.filledQuantity.description, update.reason, "", "", "", "", "", "",
            ]
        case .orderModified(let change):
            fields = [
                change.id.description, "modified", "", "", "", "", change.quantity.description,
                change.price.isZero ? "" : change.price.description, "", change.reason, "", "", "", "", "",
                "",
            ]
        case .fill(let fill):
            fields = [
                fill.orderID.description, "fill", symbol(fill.token), fill.side.description, "", "", "", "",
                "", "",
                fill.price.description, fill.quantity.description, fill.fee.description,
                fill.liquidity.description, fill.realizedPnL.description, fill.positionAfter.description,
            ]
        default: return ""
        }
        return (start + fields).map(Self.quoted).joined(separator: ",") + "\n"
    }

    private func label(_ index: Int) -> String { index < labels.count ? labels[index] : "\(index)" }
    private func symbol(_ token: InstrumentToken) -> String { symbols[token] ?? "#\(token)" }
    private static func time(_ time: Timestamp) -> String { time.iso8601(fractionDigits: 9) }

    /// A CSV field as RFC 4180 has it.
    static func quoted(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == 0x2C || $0 == 0x22 || $0 == 0x0A || $0 == 0x0D }) else {
            return text
        }
        return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
            + "\""
    }
}

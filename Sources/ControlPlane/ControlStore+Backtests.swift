import GRDB
import TradingModel

extension ControlStore {
    /// Keeps a backtest. It is `running` until all of its trades are in, a few thousand for each transaction, so that
    /// a manager beside it never waits long for the lock.
    package func insertBacktest(_ run: BacktestRunRow, trades: [BacktestTradeRow]) throws(ControlError) {
        try write { database in
            try database.execute(
                sql: """
                    INSERT INTO backtest_runs(id, class_name, config_json, sources_json, seed, status)
                    VALUES (?, ?, ?, ?, ?, 'running')
                    """,
                arguments: [run.id, run.className, run.configJSON, run.sourcesJSON, run.seed])
        }
        var next = 0
        while next < trades.count {
            let end = min(next + Limits.backtestTradesPerTransaction, trades.count)
            try insert(trades[next..<end], of: run.id)
            next = end
        }
        try write { database in
            try database.execute(
                sql: """
                    UPDATE backtest_runs SET status = 'completed', ended_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now'),
                        event_count = ?, order_count = ?, fill_count = ?, net_pnl_e8 = ?, fees_e8 = ?,
                        max_drawdown_e8 = ?, success_rate = ?, order_log_hash = ?, report_json = ?
                    WHERE id = ?
                    """,
                arguments: [
                    run.eventCount, run.orderCount, run.fillCount, run.netPnL.e8, run.fees.e8,
                    run.maxDrawdown.e8,
                    run.successRate, run.orderLogHash, run.reportJSON, run.id,
                ])
        }
    }

    /// All completed backtests, newest first.
    package func backtests() throws(ControlError) -> [BacktestRunRow] {
        try read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT \(BacktestRunRow.columns) FROM backtest_runs WHERE status = 'completed'
                    ORDER BY started_at DESC, rowid DESC
                    """
            ).map(BacktestRunRow.init)
        }
    }

    /// The completed backtest whose id begins with a text; throws `notFound` unless exactly one does.
    package func requireBacktest(_ prefix: String) throws(ControlError) -> BacktestRunRow {
        let found = try read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT \(BacktestRunRow.columns) FROM backtest_runs
                    WHERE status = 'completed' AND substr(id, 1, length(?1)) = ?1 LIMIT 2
                    """,
                arguments: [prefix.lowercased()]
            ).map(BacktestRunRow.init)
        }
        guard let run = found.first, !prefix.isEmpty else {
            throw ControlError(
                .notFound, "no backtest has an id that begins with '\(prefix)': see 'backtests list'")
        }
        guard found.count == 1 else {
            throw ControlError(
                .notFound, "several backtests have an id that begins with '\(prefix)': give more of it")
        }
        return run
    }

    private func insert(_ trades: ArraySlice<BacktestTradeRow>, of runID: String) throws(ControlError) {
        try write(.normal) { database in
            let statement = try database.cachedStatement(
                sql: """
                    INSERT INTO backtest_trades(run_id, number, symbol, side, quantity_e8, entry_price_e8,
                        exit_price_e8, entry_ns, exit_ns, pnl_e8, fees_e8, strategy)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """)
            for (index, trade) in zip(trades.indices, trades) {
                try statement.execute(arguments: [
                    runID, index + 1, trade.symbol, trade.side.description, trade.quantity.e8,
                    trade.entryPrice.e8,
                    trade.exitPrice.e8, trade.entryTime.nanoseconds, trade.exitTime.nanoseconds,
                    trade.netPnL.e8,
                    trade.fees.e8, trade.strategy,
                ])
            }
        }
    }
}

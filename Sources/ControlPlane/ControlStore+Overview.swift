import GRDB
package import TradingModel

/// How far somebody who follows the database has read it. The empty one reads everything that is shown.
package struct OverviewCursor: Sendable {
    var metricsID: Int64 = 0
    var processID: Int64 = 0
    var eventID: Int64 = 0
    var commandSequence: Int64 = 0
    var fillID: Int64 = -1
    /// Count and newest edit of the strategies.
    var strategies = ""
    var openCommands: Set<Int64> = []

    /// Begins at the beginning.
    package init() {}
}

/// What changed in the database since the last look. Lists that are `nil` are as they were.
package struct OverviewChanges: Sendable {
    /// All strategies, by name.
    package var strategies: [StrategyRow]?
    /// The newest process of each strategy.
    package var instances: [InstanceRow]?
    /// Metrics that were added, oldest first; at the first look the newest of each strategy.
    package var metrics: [MetricsSample] = []
    /// Samples of processes that were added, oldest first.
    package var processes: [ProcessMetricsRow] = []
    /// Events that were added, oldest first, at most `ControlStore.overviewRowsMax` of the newest.
    package var events: [EventRow] = []
    /// The newest event of each strategy that has one, at the first look.
    package var newestEvents: [EventRow] = []
    /// Commands that were added or went on, in their order, at most `ControlStore.overviewRowsMax` of the newest.
    package var commands: [CommandRow] = []
    /// Positions that are not flat.
    package var positions: [PositionRow]?
    package var feeds: [FeedRow] = []
    /// Facts about the running engine.
    package var engineInfo: [String: String] = [:]
    /// Alerts that have not cleared, the oldest first.
    package var incidents: [AlertIncident] = []
    /// Those that cleared last, newest first.
    package var clearedIncidents: [AlertIncident] = []
    /// Deliveries of alerts that wait.
    package var waitingDeliveryCount = 0
    /// What may be traded where it is not everything, by strategy id or `ControlStore.allStrategies`.
    package var tradingStates: [String: TradingStateRow] = [:]
}

/// Metrics with what only their document holds.
package struct MetricsSample: Equatable, Sendable {
    package var row: MetricsRow
    package var fillCount: Int64?
    package var eventCount: Int64?
    package var ticksMissed: Int64?
    package var loopLagMicroseconds: Int64?
}

/// A row of `positions_view` that is not flat.
package struct PositionRow: Equatable, Sendable {
    package let strategyID: String
    package let symbol: String
    /// Negative when short.
    package let quantity: Quantity
    package let averagePrice: Price
    package let realizedPnL: Money
    package let fees: Money
}

extension ControlStore {
    /// Events and commands that one look returns at most.
    package static let overviewRowsMax = 200
    /// Metrics that one look returns at most; the next look goes on from there.
    static let overviewMetricsMax = 20_000

    /// Reads what changed since the cursor on one snapshot of the database, and moves the cursor.
    ///
    /// Costs little when little changed: every list is found by the number of its last row. The cursor stays where it
    /// was when this throws.
    package func overviewChanges(_ cursor: inout OverviewCursor) throws(ControlError) -> OverviewChanges {
        let old = cursor
        let (changes, moved) = try read { database in
            var cursor = old
            return (try ControlStore.overviewChanges(database, &cursor), cursor)
        }
        cursor = moved
        return changes
    }

    private static func overviewChanges(
        _ database: Database, _ cursor: inout OverviewCursor
    ) throws -> OverviewChanges {
        var changes = OverviewChanges()
        changes.metrics = try newMetrics(database, &cursor)
        changes.processes = try newProcesses(database, &cursor)
        let lastEvent = try lastID(database, "strategy_events", cursor.eventID)
        let isFirst = cursor.strategies.isEmpty
        let hasEvents = lastEvent != cursor.eventID
        if hasEvents {
            changes.events = try Row.fetchAll(
                database,
                sql: "SELECT \(EventRow.columns) FROM strategy_events WHERE id > ? ORDER BY id DESC LIMIT ?",
                arguments: [min(cursor.eventID, lastEvent), overviewRowsMax]
            ).reversed().map(EventRow.init)
            cursor.eventID = lastEvent
        }
        let mark =
            try String.fetchOne(
                database, sql: "SELECT count(*) || ' ' || coalesce(max(updated_at), '') FROM strategy_configs"
            )
            ?? ""
        if hasEvents || mark != cursor.strategies {
            cursor.strategies = mark
            changes.strategies = try strategies(database)
            changes.instances = try Row.fetchAll(
                database,
                sql: """
                    SELECT \(InstanceRow.columns) FROM strategy_instances AS i
                    WHERE epoch = (SELECT max(epoch) FROM strategy_instances WHERE strategy_id = i.strategy_id)
                    """
            ).map(InstanceRow.init)
        }
        if isFirst {
            changes.newestEvents = try Row.fetchAll(
                database,
                sql: """
                    SELECT \(EventRow.columns) FROM strategy_events WHERE id IN (
                        SELECT (SELECT max(id) FROM strategy_events e WHERE e.strategy_id = c.id
                                AND e.from_status <> e.to_status) FROM strategy_configs c)
                    """
            ).map(EventRow.init)
        }
        changes.commands = try newCommands(database, &cursor)
        let lastFill = try lastID(database, "fills", cursor.fillID)
        if lastFill != cursor.fillID || hasEvents {
            cursor.fillID = lastFill
            changes.positions = try openPositions(database)
        }
        changes.feeds = try Row.fetchAll(
            database, sql: "SELECT \(FeedRow.columns) FROM feeds ORDER BY name"
        ).map(FeedRow.init)
        for row in try Row.fetchAll(database, sql: "SELECT key, value FROM engine_info") {
            changes.engineInfo[row[0]] = row[1]
        }
        try readAlerts(database, &changes)
        changes.tradingStates = try tradingStates(database)
        return changes
    }

    private static func readAlerts(_ database: Database, _ changes: inout OverviewChanges) throws {
        changes.incidents = try openIncidents(database)
        changes.clearedIncidents = try Row.fetchAll(
            database,
            sql: """
                SELECT \(AlertIncident.columns) FROM alert_incidents WHERE cleared_at IS NOT NULL
                ORDER BY id DESC LIMIT 10
                """
        ).map(AlertIncident.init)
        changes.waitingDeliveryCount =
            try Int.fetchOne(
                database, sql: "SELECT count(*) FROM alert_deliveries WHERE status = 'waiting'") ?? 0
    }

    private static func lastID(_ database: Database, _ table: String, _ known: Int64) throws -> Int64 {
        let statement = try database.cachedStatement(sql: "SELECT coalesce(max(id), 0) FROM \(table)")
        return try Int64.fetchOne(statement) ?? 0
    }

    private static func newMetrics(
        _ database: Database, _ cursor: inout OverviewCursor
    ) throws -> [MetricsSample] {
        let last = try lastID(database, "strategy_metrics", cursor.metricsID)
        guard last != cursor.metricsID else { return [] }
        // Rows are numbered anew when all of them were deleted.
        if last < cursor.metricsID { cursor.metricsID = 0 }
        let condition =
            cursor.metricsID == 0
            ? """
            id IN (SELECT (SELECT max(id) FROM strategy_metrics m WHERE m.strategy_id = c.id)
                   FROM strategy_configs c) AND id > ?
            """ : "id > ?"
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT \(MetricsRow.columns), id,
                    json_extract(metrics_json, '$.fills_count', '$.events_count', '$.ticks_missed', '$.loop_lag_us')
                FROM strategy_metrics WHERE \(condition) ORDER BY id LIMIT ?
                """, arguments: [cursor.metricsID, overviewMetricsMax])
        cursor.metricsID = rows.count == overviewMetricsMax ? rows.last?[13] ?? last : last
        return rows.map { row in
            let text: String? = row[14]
            let numbers = (text ?? "").dropFirst().dropLast().split(separator: ",").map { Int64($0) }
            func number(_ index: Int) -> Int64? { index < numbers.count ? numbers[index] : nil }
            return MetricsSample(
                row: MetricsRow(row), fillCount: number(0), eventCount: number(1), ticksMissed: number(2),
                loopLagMicroseconds: number(3))
        }
    }

    private static func newProcesses(
        _ database: Database, _ cursor: inout OverviewCursor
    ) throws -> [ProcessMetricsRow] {
        let last = try lastID(database, "process_metrics", cursor.processID)
        guard last != cursor.processID else { return [] }
        let start = last < cursor.processID ? 0 : cursor.processID
        let condition =
            start == 0
            ? "timestamp = (SELECT timestamp FROM process_metrics ORDER BY id DESC LIMIT 1) AND" : ""
        cursor.processID = last
        return try Row.fetchAll(
            database,
            sql: """
                SELECT timestamp, role, name, pid, cpu_percent, resident_bytes, event_loop_lag_ns, last_tick_age_ns,
                    queue_depth FROM process_metrics WHERE \(condition) id > ? ORDER BY id LIMIT ?
                """, arguments: [max(start, last - Int64(overviewMetricsMax)), overviewMetricsMax]
        ).map { row in
            ProcessMetricsRow(
                time: row.time(0), role: row[1], name: row[2], pid: row[3], cpuPercent: row[4],
                residentBytes: row[5], eventLoopLagNanoseconds: row[6], lastTickAgeNanoseconds: row[7],
                queueDepth: row[8])
        }
    }

    private static func newCommands(
        _ database: Database, _ cursor: inout OverviewCursor
    ) throws -> [CommandRow] {
        let open = cursor.openCommands.sorted().suffix(overviewRowsMax).map(String.init).joined(
            separator: ",")
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT \(CommandRow.columns) FROM strategy_commands WHERE seq > ? OR seq IN (\(open))
                ORDER BY seq DESC LIMIT ?
                """, arguments: [cursor.commandSequence, overviewRowsMax]
        ).reversed().map(CommandRow.init)
        if let last = rows.last { cursor.commandSequence = max(cursor.commandSequence, last.sequence) }
        cursor.openCommands = Set(rows.filter { !$0.status.isFinal }.map(\.sequence))
        return rows
    }

    private static func openPositions(_ database: Database) throws -> [PositionRow] {
        try Row.fetchAll(
            database,
            sql: """
                SELECT p.strategy_id, coalesce(s.symbol, '#' || p.token), p.quantity_e8, p.average_price_e8,
                    p.realized_pnl_e8, p.fees_e8
                FROM positions p LEFT JOIN instruments s ON s.token = p.token WHERE p.quantity_e8 <> 0
                ORDER BY p.strategy_id, 2
                """
        ).map { row in
            PositionRow(
                strategyID: row[0], symbol: row[1], quantity: Quantity(e8: row[2]),
                averagePrice: Price(e8: row[3]), realizedPnL: Money(e8: row[4]), fees: Money(e8: row[5]))
        }
    }

    /// The net PnL of the last metrics of each strategy, oldest first, with their times: what a sparkline begins with.
    package func recentPnL(
        samplesPerStrategy: Int
    ) throws(ControlError) -> [String: [(time: Timestamp, pnl: Money)]] {
        try read { database in
            let statement = try database.makeStatement(
                sql: """
                    SELECT timestamp, realized_pnl_e8 + unrealized_pnl_e8 - fees_e8 FROM strategy_metrics
                    WHERE strategy_id = ? ORDER BY id DESC LIMIT ?
                    """)
            var samples: [String: [(time: Timestamp, pnl: Money)]] = [:]
            for id in try String.fetchAll(database, sql: "SELECT id FROM strategy_configs") {
                let rows = try Row.fetchAll(statement, arguments: [id, samplesPerStrategy])
                samples[id] = rows.reversed().map { ($0.time(0), Money(e8: $0[1])) }
            }
            return samples
        }
    }
}

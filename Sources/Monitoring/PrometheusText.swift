import ControlPlane
import MessageBus
import TradingModel

/// The overview in the text format of Prometheus, version 0.0.4.
///
/// Labels are bounded by what the database holds: a strategy by its name and class, a feed by its name, a process by role
/// and name. Free texts such as reasons are no labels. Values that are not known are left out.
package struct PrometheusText {
    private enum Kind: String { case gauge, counter }

    private var lines = ""

    /// The whole document.
    package static func text(of overview: EngineOverview) -> String {
        var text = PrometheusText()
        text.writeEngine(overview)
        text.writeAlerts(overview)
        text.writeStrategies(overview.strategies)
        text.writeFeeds(overview.feeds)
        text.writeProcesses(overview)
        text.writeBus(overview.bus)
        return text.lines
    }

    private mutating func writeEngine(_ overview: EngineOverview) {
        family("tradewind_manager_up", "Whether a manager runs.", .gauge) { metric in
            metric([], overview.managerProcessID == nil ? 0 : 1)
        }
        family("tradewind_database_up", "Whether the database can be read.", .gauge) { metric in
            metric([], overview.databaseProblem == nil ? 1 : 0)
        }
        family("tradewind_bus_up", "Whether the bus answers.", .gauge) { metric in
            metric([], overview.bus == nil ? 0 : 1)
        }
        family("tradewind_manager_start_time_seconds", "When the manager started, since 1970.", .gauge) {
            metric in
            metric([], overview.managerStartedAt.map(Self.seconds))
        }
        family("tradewind_database_size_bytes", "Size of the database file.", .gauge) { metric in
            metric([], overview.databaseBytes.map(Double.init))
        }
        family("tradewind_database_wal_size_bytes", "Size of the write-ahead log.", .gauge) { metric in
            metric([], overview.walBytes.map(Double.init))
        }
        family("tradewind_commands_open", "Commands that have not ended.", .gauge) { metric in
            metric([], Double(overview.openCommandCount))
        }
    }

    private mutating func writeAlerts(_ overview: EngineOverview) {
        var counts: [AlertLabel: Int] = [:]
        for alert in overview.alerts {
            counts[AlertLabel(rule: alert.rule, kind: alert.kind.rawValue), default: 0] += 1
        }
        family("tradewind_alerts_open", "Alerts that have fired and not cleared.", .gauge) { metric in
            for (label, count) in counts.sorted(by: { $0.key < $1.key }) {
                metric([("rule", label.rule), ("kind", label.kind)], Double(count))
            }
        }
        family("tradewind_alert_deliveries_waiting", "Deliveries of alerts that wait.", .gauge) { metric in
            metric([], Double(overview.waitingDeliveryCount))
        }
        family(
            "tradewind_trading_state", "What all strategies may trade: 0 active, 1 reducing, 2 halted.",
            .gauge
        ) {
            metric in
            metric([], Self.number(overview.trading.state))
        }
    }

    private struct AlertLabel: Hashable, Comparable {
        var rule: String
        var kind: String

        static func < (left: AlertLabel, right: AlertLabel) -> Bool {
            (left.rule, left.kind) < (right.rule, right.kind)
        }
    }

    private static func number(_ state: TradingState) -> Double {
        switch state {
        case .active: 0
        case .reducing: 1
        case .halted: 2
        }
    }

    // MARK: - Strategies

    private static let statuses = [
        "active", "starting", "running", "paused", "stopping", "stopped", "backoff", "error", "stuck",
        "unmanaged",
    ]

    private mutating func writeStrategies(_ strategies: [StrategyLine]) {
        family("tradewind_strategy_info", "1 for each strategy, with its class.", .gauge) { metric in
            for line in strategies { metric([("strategy", line.name), ("class", line.className)], 1) }
        }
        family("tradewind_strategy_status", "1 for the status that a strategy has, 0 for the others.", .gauge)
        {
            metric in
            for line in strategies {
                for status in Self.statuses {
                    metric([("strategy", line.name), ("status", status)], line.status == status ? 1 : 0)
                }
            }
        }
        family("tradewind_strategy_healthy", "Whether a running strategy responds and gets its data.", .gauge)
        {
            metric in
            for line in strategies {
                metric([("strategy", line.name)], line.health.map { $0 == .ok ? 1 : 0 })
            }
        }
        for column in Self.strategyColumns {
            family(column.name, column.help, column.kind) { metric in
                for line in strategies { metric([("strategy", line.name)], column.value(line)) }
            }
        }
    }

    private struct Column {
        var name: String
        var help: String
        var kind: Kind
        var value: (StrategyLine) -> Double?

        init(
            _ name: String, _ help: String, _ kind: Kind = .gauge,
            _ value: @escaping (StrategyLine) -> Double?
        ) {
            self.name = "tradewind_strategy_" + name
            self.help = help
            self.kind = kind
            self.value = value
        }
    }

    private static var strategyColumns: [Column] {
        [
            Column("pnl", "Net PnL in units of money: realised plus unrealised minus fees.") {
                $0.pnl?.doubleValue
            },
            Column("realized_pnl", "Realised PnL in units of money, before fees.") {
                $0.realizedPnL?.doubleValue
            },
            Column("unrealized_pnl", "PnL of open positions in units of money.") {
                $0.unrealizedPnL?.doubleValue
            },
            Column("fees", "Fees paid in units of money.") { $0.fees?.doubleValue },
            Column("equity", "Equity in units of money.") { $0.equity?.doubleValue },
            Column("drawdown", "From the highest equity down to now, in units of money.") {
                $0.drawdown?.doubleValue
            },
            Column("positions", "Instruments with a position that is not flat.") {
                $0.positionsCount.map(Double.init)
            },
            Column("orders_total", "Orders sent since it first ran.", .counter) {
                $0.ordersCount.map(Double.init)
            },
            Column("fills_total", "Fills since it first ran.", .counter) { $0.fillsCount.map(Double.init) },
            Column("success_ratio", "Winning round trips by round trips.") { $0.successRate },
            Column("restarts_total", "Processes after the first one.", .counter) { Double($0.restarts) },
            Column("events_total", "Market data events processed by its process.", .counter) {
                $0.eventsCount.map(Double.init)
            },
            Column("ticks_missed_total", "Records lost on the way to it.", .counter) {
                $0.ticksMissed.map(Double.init)
            },
            Column("records_dropped_total", "Records that the broker dropped for it.", .counter) {
                $0.recordsDropped.map(Double.init)
            },
            Column("last_tick_time_seconds", "When it was last seen to process market data, since 1970.") {
                $0.lastTickAt.map(seconds)
            },
            Column("status_time_seconds", "When its status last changed, since 1970.") {
                $0.statusSince.map(seconds)
            },
            Column("loop_lag_seconds", "How late its event loop ran its last timer.") {
                $0.loopLagMicroseconds.map { Double($0) / 1e6 }
            },
            Column("trading_state", "What it may trade by itself: 0 active, 1 reducing, 2 halted.") {
                number($0.trading.state)
            },
            Column("queue_bytes", "Bytes that wait for it in the broker.") { $0.queueBytes.map(Double.init) },
        ]
    }

    // MARK: - Feeds, processes, bus

    private mutating func writeFeeds(_ feeds: [EngineOverview.Feed]) {
        family("tradewind_feed_up", "Whether a feed runs.", .gauge) { metric in
            for feed in feeds {
                metric([("feed", feed.name), ("kind", feed.kind)], feed.status == "running" ? 1 : 0)
            }
        }
        family("tradewind_feed_records_total", "Records sent since the feed started.", .counter) { metric in
            for feed in feeds { metric([("feed", feed.name)], feed.records.map(Double.init)) }
        }
        family(
            "tradewind_feed_last_record_time_seconds", "When a feed's records last became more, since 1970.",
            .gauge
        ) { metric in
            for feed in feeds { metric([("feed", feed.name)], feed.lastRecordAt.map(Self.seconds)) }
        }
    }

    private mutating func writeProcesses(_ overview: EngineOverview) {
        typealias Row = (role: String, name: String, cpu: Double?, memory: Int64?)
        let rows: [Row] =
            overview.services.map { ($0.role, $0.name, $0.cpuPercent, $0.residentBytes) }
            + overview.strategies.map { ("executor", $0.name, $0.cpuPercent, $0.residentBytes) }
        family("tradewind_process_cpu_ratio", "Share of one core over the last sample.", .gauge) { metric in
            for row in rows { metric([("role", row.role), ("name", row.name)], row.cpu.map { $0 / 100 }) }
        }
        family("tradewind_process_resident_memory_bytes", "Resident memory.", .gauge) { metric in
            for row in rows { metric([("role", row.role), ("name", row.name)], row.memory.map(Double.init)) }
        }
    }

    private mutating func writeBus(_ bus: EngineOverview.Bus?) {
        guard let totals = bus?.totals else { return }
        let columns: [(String, String, Kind, Double)] = [
            ("connections", "Open connections.", .gauge, Double(totals.connections)),
            (
                "connections_accepted_total", "Connections accepted.", .counter,
                Double(totals.connectionsAccepted)
            ),
            ("records_in_total", "Records received.", .counter, Double(totals.recordsIn)),
            (
                "record_deliveries_total", "Records times their subscribers.", .counter,
                Double(totals.recordDeliveries)
            ),
            (
                "records_dropped_total", "Records dropped for slow subscribers.", .counter,
                Double(totals.recordsDropped)
            ),
            ("messages_in_total", "Messages received.", .counter, Double(totals.messagesIn)),
            (
                "message_deliveries_total", "Messages times their subscribers.", .counter,
                Double(totals.messageDeliveries)
            ),
            ("queue_bytes", "Bytes queued for subscribers.", .gauge, Double(totals.queueBytes)),
            ("retained_bytes", "Bytes of retained messages.", .gauge, Double(totals.retainedBytes)),
        ]
        for (name, help, kind, value) in columns {
            family("tradewind_bus_" + name, help, kind) { metric in metric([], value) }
        }
    }

    // MARK: - The format

    private static func seconds(_ time: Timestamp) -> Double { Double(time.milliseconds) / 1_000 }

    /// Writes a family with its help and type; one without values is left out.
    private mutating func family(
        _ name: String, _ help: String, _ kind: Kind,
        _ body: (_ metric: ([(String, String)], Double?) -> Void) -> Void
    ) {
        var samples = ""
        body { labels, value in
            guard let value else { return }
            samples += name
            if !labels.isEmpty {
                let list = labels.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }
                samples += "{" + list.joined(separator: ",") + "}"
            }
            samples += " " + Self.number(value) + "\n"
        }
        guard !samples.isEmpty else { return }
        lines += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n" + samples
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
        return value.description
    }

    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            switch character {
            case "\\": result += #"\\"#
            case "\"": result += #"\""#
            case "\n": result += #"\n"#
            default: result.append(character)
            }
        }
    }
}

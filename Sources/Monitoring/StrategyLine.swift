package import ControlPlane
package import TradingModel

/// All that one glance should tell about a strategy: what it is, does, earns and costs.
///
/// One vocabulary for `status`, `top`, the web page and its API, and the exported metrics.
package struct StrategyLine: Equatable, Sendable {
    /// One position that is not flat.
    package struct Position: Equatable, Sendable {
        package var symbol: String
        /// Negative when short.
        package var quantity: Quantity
        package var averagePrice: Price
    }

    /// How a live strategy responds.
    package enum Health: String, Sendable, CaseIterable {
        case ok
        /// Silent for 3 s.
        case late
        /// Silent for 10 s.
        case stalled
        /// It responds, and has had no market data for a minute although feeds run.
        case feedStale = "feed_stale"
    }

    package var id: String
    package var name: String
    package var className: String
    /// As the manager observed it, or `running_unmanaged` while no manager is there to observe.
    package var status: String
    package var desiredState: String
    /// When the status last changed.
    package var statusSince: Timestamp?
    /// Why the status is what it is.
    package var reason: String?
    /// `nil` while it does not run, or nothing is known.
    package var health: Health?
    package var processID: Int32?
    package var epoch: UInt32?
    /// Processes after the first one.
    package var restarts: Int64 = 0
    package var startedAt: Timestamp?
    package var session: String?
    /// Net: realised plus unrealised minus fees.
    package var pnl: Money?
    package var realizedPnL: Money?
    package var unrealizedPnL: Money?
    package var fees: Money?
    package var equity: Money?
    package var drawdown: Money?
    package var positionsCount: Int?
    package var ordersCount: Int64?
    package var fillsCount: Int64?
    /// 0 to 1; `nil` before the first closed round trip.
    package var successRate: Double?
    /// When the numbers above were reported.
    package var metricsAt: Timestamp?
    /// When it was last seen to have processed market data, by this machine's clock.
    package var lastTickAt: Timestamp?
    package var eventsCount: Int64?
    /// Market-data records lost on the way to it.
    package var ticksMissed: Int64?
    package var loopLagMicroseconds: Int64?
    /// 100 is one core.
    package var cpuPercent: Double?
    package var residentBytes: Int64?
    /// Market-data records that the broker dropped for it; `nil` when the bus does not say.
    package var recordsDropped: UInt64?
    package var queueBytes: Int?
    package var configGeneration: Int64
    /// What it may trade by itself, and why; that of all strategies counts as well, and the stricter one wins.
    package var trading = TradingStateRow()
    /// Alerts about it that have not cleared.
    package var alertCount = 0
    package var positions: [Position] = []

    /// Whether a process exists or is wanted again.
    package var isLive: Bool {
        !["active", "stopped", "error"].contains(status)
    }

    init(id: String, name: String, className: String, status: String, desiredState: String) {
        self.id = id
        self.name = name
        self.className = className
        self.status = status
        self.desiredState = desiredState
        configGeneration = 1
    }
}

extension StrategyLine: JSONWritable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", id)
            json.member("name", name)
            json.member("class_name", className)
            json.member("status", status)
            json.member("desired_state", desiredState)
            json.member("status_since", statusSince)
            json.member("reason", reason)
            json.member("health", health?.rawValue)
            json.member("pid", processID)
            json.member("epoch", epoch)
            json.member("restarts", restarts)
            json.member("started_at", startedAt)
            json.member("session", session)
            writeResults(to: &json)
            json.member("last_tick_at", lastTickAt)
            json.member("events_count", eventsCount)
            json.member("ticks_missed", ticksMissed)
            json.member("loop_lag_us", loopLagMicroseconds)
            json.member("cpu_percent", cpuPercent)
            json.member("resident_bytes", residentBytes)
            json.member("records_dropped", recordsDropped)
            json.member("queue_bytes", queueBytes)
            json.member("config_generation", configGeneration)
            json.member("trading_state", trading.state.rawValue)
            json.member("trading_reason", trading.reason.isEmpty ? nil : trading.reason)
            json.member("open_alerts_count", alertCount)
        }
    }

    private func writeResults(to json: inout JSONWriter) {
        json.member("pnl", pnl)
        json.member("realized_pnl", realizedPnL)
        json.member("unrealized_pnl", unrealizedPnL)
        json.member("fees", fees)
        json.member("equity", equity)
        json.member("drawdown", drawdown)
        json.member("positions_count", positionsCount)
        json.member("orders_count", ordersCount)
        json.member("fills_count", fillsCount)
        json.member("success_rate", successRate)
        json.member("metrics_at", metricsAt)
        json.arrayMember("positions") { json in
            for position in positions {
                json.object { json in
                    json.member("symbol", position.symbol)
                    json.member("quantity", position.quantity)
                    json.member("average_price", position.averagePrice)
                }
            }
        }
    }
}

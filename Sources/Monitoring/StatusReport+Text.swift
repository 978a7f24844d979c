import MessageBus
import TradingModel

extension StatusReport {
    /// The report for a terminal.
    package func text() -> String {
        let manager = managerProcessID.map { "manager running, pid \($0)" } ?? "manager not running"
        var sections = ["\(home)  \(manager)"]
        var table = TextTable(
            "strategy", "class", "status", ">pid", ">epoch", ">PnL", ">realised", ">positions", ">orders",
            ">success", ">dropped", ">CPU", ">memory", "")
        for line in strategies {
            table.append(
                line.name, line.className, state(line), line.processID.map(String.init) ?? "-",
                line.epoch.map(String.init) ?? "-",
                line.pnl.map { decimal($0.doubleValue, places: 2) } ?? "-",
                line.realizedPnL.map { decimal($0.doubleValue, places: 2) } ?? "-",
                line.positionsCount.map(String.init) ?? "-", line.ordersCount.map(String.init) ?? "-",
                line.successRate.map { decimal($0 * 100, places: 0) + " %" } ?? "-",
                line.recordsDropped.map(String.init) ?? "-", percent(line.cpuPercent),
                megabytes(line.residentBytes), line.reason ?? line.tradingReason ?? "")
        }
        sections.append(
            strategies.isEmpty ? "no strategies: add one with 'strategies add'" : table.rendered())
        var others = TextTable("role", "name", "status", ">pid", ">CPU", ">memory", "")
        for line in services {
            others.append(
                line.role, line.name, line.status, line.processID.map(String.init) ?? "-",
                percent(line.cpuPercent),
                megabytes(line.residentBytes), line.reason ?? "")
        }
        sections.append(others.rendered())
        if let bus {
            sections.append(busLine(bus))
        } else if managerProcessID != nil {
            sections.append("bus: does not answer")
        }
        return sections.joined(separator: "\n\n")
    }

    private func busLine(_ totals: BrokerStatistics.Totals) -> String {
        "bus: \(totals.connections) connections, \(totals.recordsIn) records in, \(totals.recordDeliveries) delivered, "
            + "\(totals.recordsDropped) dropped, \(totals.queueBytes) bytes queued"
    }

    private func state(_ line: Strategy) -> String {
        let isAsWanted =
            line.status == line.desiredState || (line.status == "active" && line.desiredState == "stopped")
        let status = isAsWanted ? line.status : "\(line.status) (wanted \(line.desiredState))"
        return line.tradingState.map { "\(status), \($0)" } ?? status
    }

    private func percent(_ value: Double?) -> String { value.map { decimal($0, places: 1) + " %" } ?? "-" }

    private func megabytes(_ byteCount: Int64?) -> String {
        byteCount.map { decimal(Double($0) / 1_048_576, places: 1) + " MiB" } ?? "-"
    }
}

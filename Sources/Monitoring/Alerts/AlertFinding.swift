import ControlPlane
import MessageBus
import TradingModel

/// Something that is as an alert rule says, now.
struct AlertFinding {
    /// The id of the strategy or feed; empty for the machine.
    var subjectID: String
    var subject: String
    var value: Double?
    /// A sentence for people.
    var message: String
}

/// What rules look at, at one moment.
struct AlertView {
    var overview: EngineOverview
    /// Free space on the disk of the home; `nil` when it cannot be told.
    var freeBytes: Int64?
    var now: Timestamp
    /// Strategies that came into error, or stalled, since the last look, whether or not they still are.
    var pulses: [AlertKind: [String: String]] = [:]
    /// Records lost within the last seconds, by strategy id.
    var lost: [String: UInt64] = [:]
    /// Since when a feed was seen to run without a record, by its id.
    var silentSince: [String: Timestamp] = [:]

    /// All that is as the rule says.
    func findings(of rule: AlertRule) -> [AlertFinding] {
        switch rule.kind {
        case .error: strategies(rule, errorOf)
        case .stalled: strategies(rule, stallOf)
        case .drawdown, .drawdownPercent: strategies(rule) { drawdown(of: $0, rule) }
        case .drops: strategies(rule) { drops(of: $0, rule) }
        case .staleFeed:
            overview.feeds.filter { rule.feed == nil || $0.name == rule.feed }.compactMap {
                staleness(of: $0, rule)
            }
        case .disk: disk(rule).map { [$0] } ?? []
        }
    }

    private func strategies(
        _ rule: AlertRule, _ test: (StrategyLine) -> (value: Double?, message: String)?
    ) -> [AlertFinding] {
        overview.strategies.filter { rule.strategyID == nil || $0.id == rule.strategyID }.compactMap { line in
            test(line).map {
                AlertFinding(
                    subjectID: line.id, subject: line.name, value: $0.value,
                    message: line.name + " " + $0.message)
            }
        }
    }

    private func errorOf(_ line: StrategyLine) -> (value: Double?, message: String)? {
        let isNow = line.status == "error" || line.status == "stuck"
        guard isNow || pulses[.error]?[line.id] != nil else { return nil }
        let reason = isNow ? line.reason : pulses[.error]?[line.id]
        let state = isNow ? line.status : "error"
        return (nil, "is in \(state)" + (reason.map { ": " + $0 } ?? ""))
    }

    private func stallOf(_ line: StrategyLine) -> (value: Double?, message: String)? {
        guard line.health == .stalled || pulses[.stalled]?[line.id] != nil else { return nil }
        return (nil, "has stalled: its loop gives no sign of life")
    }

    private func drawdown(of line: StrategyLine, _ rule: AlertRule) -> (value: Double?, message: String)? {
        guard line.isLive, let drawdown = line.drawdown, let threshold = rule.threshold else { return nil }
        guard rule.kind == .drawdownPercent else {
            guard drawdown.doubleValue >= threshold else { return nil }
            return (
                drawdown.doubleValue, "is \(drawdown) below its peak, the limit is \(Self.text(threshold))"
            )
        }
        guard let equity = line.equity else { return nil }
        let peak = equity.doubleValue + drawdown.doubleValue
        guard peak > 0 else { return nil }
        let percent = drawdown.doubleValue / peak * 100
        guard percent >= threshold else { return nil }
        return (
            percent,
            "is \(Self.text(percent)) % (\(drawdown)) below its peak, the limit is \(Self.text(threshold)) %"
        )
    }

    private func drops(of line: StrategyLine, _ rule: AlertRule) -> (value: Double?, message: String)? {
        guard let count = lost[line.id], Double(count) > rule.threshold ?? 0 else { return nil }
        return (Double(count), "is too slow: \(count) records were lost for it within ten seconds")
    }

    private func staleness(of feed: EngineOverview.Feed, _ rule: AlertRule) -> AlertFinding? {
        func finding(_ value: Double?, _ text: String) -> AlertFinding {
            AlertFinding(
                subjectID: feed.id, subject: feed.name, value: value, message: "feed \(feed.name) \(text)")
        }
        guard feed.isEnabled, overview.managerProcessID != nil else { return nil }
        let silence = (feed.lastRecordAt ?? silentSince[feed.id]).map {
            Double((now - $0).wholeNanoseconds) / 1e9
        }
        if ["backoff", "error", "stuck"].contains(feed.status) {
            return finding(silence, "is in \(feed.status)" + (feed.reason.map { ": " + $0 } ?? ""))
        }
        if let health = feed.health, !["ok", "quiet"].contains(health) {
            let symbols = feed.staleSymbols.isEmpty ? "" : " of " + feed.staleSymbols.joined(separator: ", ")
            return finding(silence, "is \(health)\(health == "stale" ? ": no data" + symbols : "")")
        }
        guard let limit = rule.threshold, feed.status == "running", let silence, silence > limit else {
            return nil
        }
        return finding(silence, "has sent nothing for \(Int(silence)) s, the limit is \(Self.text(limit)) s")
    }

    private func disk(_ rule: AlertRule) -> AlertFinding? {
        guard let freeBytes, let threshold = rule.threshold else { return nil }
        let mebibytes = Double(freeBytes) / 1_048_576
        guard mebibytes < threshold else { return nil }
        return AlertFinding(
            subjectID: "", subject: "disk", value: mebibytes.rounded(),
            message: "\(Int(mebibytes)) MiB are free on the disk of \(overview.home), the limit is "
                + "\(Self.text(threshold)) MiB")
    }

    /// A number without needless digits.
    static func text(_ number: Double) -> String {
        let isWhole = number == number.rounded() && abs(number) < 1e15
        return isWhole ? String(Int64(number)) : decimal(number, places: 2)
    }
}

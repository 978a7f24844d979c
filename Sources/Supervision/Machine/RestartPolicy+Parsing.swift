import TradingModel

extension RestartPolicy {
    /// Reads a policy from named texts, such as `("ready_timeout", "10s")`; names that are absent keep `base`.
    ///
    /// Times are numbers with `ms`, `s`, `m` or `h`, or plain seconds. Throws `invalidRestartPolicy` with every fault.
    package init(
        entries: [(name: String, text: String)], base: RestartPolicy = .executor
    ) throws(SupervisionError) {
        var reader = EntryReader(policy: base)
        for entry in entries { reader.read(name: entry.name, text: entry.text) }
        reader.checkRelations()
        guard reader.violations.isEmpty else {
            throw SupervisionError(
                .invalidRestartPolicy, "correct restart_policy_json", violations: reader.violations)
        }
        self = reader.policy
    }

    /// The names that a policy may have, in the order of the documentation.
    package static let entryNames = [
        "mode", "ready_timeout", "backoff_initial", "backoff_max", "jitter", "unstable_exits_max",
        "unstable_window",
        "persistent", "stable_after", "stop_timeout", "stuck_after", "watched", "late_after", "stalled_after",
        "restart_on_stall", "feed_stale_after",
    ]
}

/// Applies entries to a policy and collects what is wrong with them.
private struct EntryReader {
    var policy: RestartPolicy
    var violations: [String] = []
    private var seen: [String] = []

    init(policy: RestartPolicy) { self.policy = policy }

    mutating func read(name: String, text: String) {
        guard !seen.contains(name) else {
            violations.append("\(name) is given twice")
            return
        }
        seen.append(name)
        switch name {
        case "mode": readMode(text)
        case "jitter": readJitter(text)
        case "unstable_exits_max": readUnstableExits(text)
        case "persistent": readFlag(name, text, \.isPersistent)
        case "watched": readFlag(name, text, \.isWatched)
        case "restart_on_stall": readFlag(name, text, \.isRestartedOnStall)
        case "ready_timeout": readDuration(name, text, \.readyTimeout)
        case "backoff_initial": readDuration(name, text, \.backoffInitial)
        case "backoff_max": readDuration(name, text, \.backoffMax)
        case "unstable_window": readDuration(name, text, \.unstableWindow)
        case "stable_after": readDuration(name, text, \.stableAfter)
        case "stop_timeout": readDuration(name, text, \.stopTimeout)
        case "stuck_after": readDuration(name, text, \.stuckAfter)
        case "late_after": readDuration(name, text, \.lateAfter)
        case "stalled_after": readDuration(name, text, \.stalledAfter)
        case "feed_stale_after":
            policy.feedStaleAfter = duration(name, text)
        default:
            let known = RestartPolicy.entryNames.joined(separator: ", ")
            violations.append("\(name) is not known; known are \(known)")
        }
    }

    mutating func checkRelations() {
        guard violations.isEmpty else { return }
        if policy.backoffMax < policy.backoffInitial {
            violations.append("backoff_max is shorter than backoff_initial")
        }
        if policy.stalledAfter <= policy.lateAfter {
            violations.append("stalled_after must be longer than late_after")
        }
    }

    private mutating func readMode(_ text: String) {
        guard let mode = RestartPolicy.Mode(rawValue: text) else {
            let known = RestartPolicy.Mode.allCases.map(\.rawValue).joined(separator: ", ")
            violations.append("mode is \"\(text)\"; it must be one of \(known)")
            return
        }
        policy.mode = mode
    }

    private mutating func readJitter(_ text: String) {
        guard let value = Double(text), (0...1).contains(value) else {
            violations.append("jitter is \"\(text)\"; it must be a number from 0 to 1")
            return
        }
        policy.jitter = value
    }

    private mutating func readUnstableExits(_ text: String) {
        guard let value = Int(text), (1...Limits.unstableExitsMax).contains(value) else {
            violations.append(
                "unstable_exits_max is \"\(text)\"; it must be a whole number from 1 to \(Limits.unstableExitsMax)"
            )
            return
        }
        policy.unstableExitsMax = value
    }

    private mutating func readFlag(
        _ name: String, _ text: String, _ path: WritableKeyPath<RestartPolicy, Bool>
    ) {
        switch text {
        case "true", "1": policy[keyPath: path] = true
        case "false", "0": policy[keyPath: path] = false
        default: violations.append("\(name) is \"\(text)\"; it must be true or false")
        }
    }

    private mutating func readDuration(
        _ name: String, _ text: String, _ path: WritableKeyPath<RestartPolicy, Duration>
    ) {
        if let value = duration(name, text) { policy[keyPath: path] = value }
    }

    private mutating func duration(_ name: String, _ text: String) -> Duration? {
        let value = Self.duration(text)
        if value == nil {
            violations.append(
                "\(name) is \"\(text)\"; it must be a time such as 250ms, 10s, 5m or 1h, above 0 and at most a day"
            )
        }
        return value
    }

    /// Exact to the nanosecond, since the number goes through fixed-point text and not through floating point.
    private static func duration(_ text: String) -> Duration? {
        let units: [(suffix: String, nanoseconds: Int64)] = [
            ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000), ("h", 3_600_000_000_000),
        ]
        let unit = units.first { text.hasSuffix($0.suffix) }
        var digits = String(text.dropLast(unit?.suffix.utf8.count ?? 0))
        guard let e8 = digits.withUTF8({ FixedPointText.parse($0) }), e8 > 0 else { return nil }
        let unitNanoseconds = unit?.nanoseconds ?? 1_000_000_000
        let countMax = Limits.policyDurationMax.wholeNanoseconds / unitNanoseconds
        // Checked first, so that the quotient below is at most a day and a bit.
        guard e8 / 100_000_000 <= countMax else { return nil }
        let product = e8.multipliedFullWidth(by: unitNanoseconds)
        let value = Duration.nanoseconds(Int64(100_000_000).dividingFullWidth(product).quotient)
        return value > .zero && value <= Limits.policyDurationMax ? value : nil
    }
}

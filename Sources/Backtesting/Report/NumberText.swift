/// Numbers as people read them.
package enum NumberText {
    /// A fixed count of decimals (0 to 9), rounded half away from zero; `-` when there is no number.
    package static func fixed(_ value: Double?, _ places: Int) -> String {
        precondition((0...9).contains(places), "places must be 0 to 9")
        guard let value, value.isFinite else { return "-" }
        var scale = 1.0
        for _ in 0..<places { scale *= 10 }
        let scaled = (abs(value) * scale).rounded(.toNearestOrAwayFromZero)
        guard scaled < 9e18 else { return "\(value)" }
        let units = Int64(scaled)
        let sign = value < 0 && units > 0 ? "-" : ""
        guard places > 0 else { return sign + String(units) }
        let fraction = String(units % Int64(scale))
        return sign + String(units / Int64(scale)) + "."
            + String(repeating: "0", count: places - fraction.utf8.count) + fraction
    }

    /// A share in percent, with two decimals, or as many as a small one needs to show two digits.
    package static func percent(_ share: Double?) -> String {
        guard let share, share.isFinite else { return "-" }
        let value = share * 100
        var places = 2
        var bound = 0.1
        while abs(value) < bound, value != 0, places < 6 {
            places += 1
            bound /= 10
        }
        return fixed(value, places) + " %"
    }

    /// A length of time in its two largest units, such as `3 d 4 h`.
    package static func duration(seconds: Double?) -> String {
        guard let seconds, seconds.isFinite, seconds >= 0 else { return "-" }
        if seconds < 60 { return fixed(seconds, seconds < 10 ? 1 : 0) + " s" }
        let units: [(name: String, seconds: Int64)] = [("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)]
        let whole = Int64(min(seconds.rounded(), 9e15))
        guard let first = units.firstIndex(where: { whole >= $0.seconds }) else { return "0 s" }
        let rest = whole % units[first].seconds
        var text = "\(whole / units[first].seconds) \(units[first].name)"
        if first + 1 < units.count, rest >= units[first + 1].seconds {
            text += " \(rest / units[first + 1].seconds) \(units[first + 1].name)"
        }
        return text
    }

    /// A figure of the statistics.
    package static func text(_ value: Double?, _ unit: StatisticsMetric.Unit) -> String {
        switch unit {
        case .money: fixed(value, 2)
        case .share: percent(value)
        case .ratio: fixed(value, 2)
        case .count: fixed(value, 0)
        case .seconds: duration(seconds: value)
        }
    }
}

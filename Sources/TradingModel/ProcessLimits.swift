/// What the process of a strategy may use, and when an operator should hear of what it uses; part of `limits_json`.
package struct ProcessLimits: Equatable, Sendable {
    /// How much it gives way to others: 0 (not at all) to 19.
    package var nice: Int32?
    /// The processors it may run on, ascending; `nil` for all.
    package var cpus: [Int32]?
    /// The most descriptors it may have open; at the bound its own attempts to open more fail.
    package var descriptorsMax: Int?
    /// The size of a core file in bytes; 0 for none.
    package var coreBytesMax: Int?
    /// Resident memory in MiB from which on there is an alarm.
    package var memoryAlertMiB: Int?
    /// Processor time in percent of one core from which on there is an alarm.
    package var cpuAlertPercent: Int?
    /// Whether its orders at an order gateway are taken back when its process ends, or cannot be ended.
    package var cancelsOnDeath = false

    /// The names that `limits_json` may have for these.
    package static let names = [
        "nice", "cpus", "descriptors_max", "core_bytes_max", "memory_alert_mib", "cpu_alert_percent",
        "cancel_on_death",
    ]

    /// No limits.
    package init() {}

    /// Reads the entries with one of `names`; the others are somebody else's.
    ///
    /// - Parameter violation: told of every entry that is wrong: its name, and what would be right.
    package init(
        inputs: [(name: String, text: String)], violation: (_ name: String, _ message: String) -> Void
    ) {
        for input in inputs where Self.names.contains(input.name) {
            guard let message = set(input.name, input.text) else { continue }
            violation(input.name, message)
        }
    }

    /// Sets one entry; what is wrong with it otherwise.
    private mutating func set(_ name: String, _ text: String) -> String? {
        switch name {
        case "nice": return Self.assign(text, 0...19) { nice = Int32($0) }
        // Fewer would not do for the log, the journal and the bus.
        case "descriptors_max": return Self.assign(text, 32...1_048_576) { descriptorsMax = $0 }
        case "core_bytes_max": return Self.assign(text, 0...(1 << 50)) { coreBytesMax = $0 }
        case "memory_alert_mib": return Self.assign(text, 1...(1 << 30)) { memoryAlertMiB = $0 }
        case "cancel_on_death":
            guard let value = ["true": true, "false": false][text] else {
                return "'\(text)' is not true or false"
            }
            cancelsOnDeath = value
            return nil
        case "cpu_alert_percent": return Self.assign(text, 1...102_400) { cpuAlertPercent = $0 }
        default:
            cpus = Self.processors(text)
            return cpus == nil ? "'\(text)' is not a list of processors such as 0,2-3 (0 to 1023)" : nil
        }
    }

    private static func assign(_ text: String, _ range: ClosedRange<Int>, _ set: (Int) -> Void) -> String? {
        guard let value = Int(text), range.contains(value) else {
            return "'\(text)' is not a whole number within \(range)"
        }
        set(value)
        return nil
    }

    /// The numbers of a list such as `0,2-3`.
    private static func processors(_ text: String) -> [Int32]? {
        var numbers: Set<Int32> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map {
                Int32($0)
            }
            guard let first = ends.first ?? nil, let last = ends.last ?? nil, first <= last,
                first >= 0, last < 1024
            else { return nil }
            numbers.formUnion(first...last)
        }
        return numbers.sorted()
    }
}

/// Hands lines for the operator on, up to a number in an interval; says how many more there were.
///
/// Confined to its owner's thread.
struct ReportLimiter {
    private let perInterval: Int
    private let report: (String) -> Void
    private var count = 0

    init(perInterval: Int, report: @escaping (String) -> Void) {
        self.perInterval = perInterval
        self.report = report
    }

    /// Hands a line on unless too many came in this interval. Control characters, which a peer may have put into
    /// its name or a topic, are replaced: one report is one line.
    mutating func report(_ line: @autoclosure () -> String) {
        count += 1
        guard count <= perInterval else { return }
        let scalars = line().unicodeScalars.map { scalar in
            scalar.properties.generalCategory == .control ? "\u{FFFD}" : scalar
        }
        report(String(String.UnicodeScalarView(scalars)))
    }

    /// Starts the next interval.
    mutating func beginInterval() {
        if count > perInterval { report("\(count - perInterval) more lines in a second were left out") }
        count = 0
    }
}

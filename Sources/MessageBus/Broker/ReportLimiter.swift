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

    /// Hands a line on unless too many came in this interval.
    mutating func report(_ line: @autoclosure () -> String) {
        count += 1
        if count <= perInterval { report(line()) }
    }

    /// Starts the next interval.
    mutating func beginInterval() {
        if count > perInterval { report("\(count - perInterval) more lines in a second were left out") }
        count = 0
    }
}

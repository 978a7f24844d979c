/// What `tradewind doctor` found.
struct DoctorReport: Encodable {
    /// How bad a finding is.
    enum Severity: String, Encodable {
        /// Looked at, and as it should be.
        case ok
        /// Worth knowing; nothing needs to be done.
        case note
        /// Nothing is lost yet; something should be done.
        case warning
        /// Something does not work or may be lost.
        case problem
    }

    /// One finding.
    struct Finding: Encodable {
        var severity: Severity
        /// The area: home, locks, versions, database, instances, commands, journals, clock, disk, limits.
        var area: String
        /// What was found.
        var what: String
        /// The file, row or process it was found at.
        var place: String
        /// What to do about it; empty when nothing needs to be done.
        var remedy: String
    }

    var home: String
    var version: String
    /// The manager's process id; absent when none runs.
    var managerPID: Int32?
    private(set) var findings: [Finding] = []

    init(home: String, version: String, managerPID: Int32?) {
        self.home = home
        self.version = version
        self.managerPID = managerPID
    }

    mutating func add(
        _ severity: Severity, _ area: String, _ what: String, at place: String, do remedy: String = ""
    ) {
        findings.append(
            Finding(severity: severity, area: area, what: what, place: place, remedy: remedy))
    }

    /// How many findings are of a severity.
    func count(_ severity: Severity) -> Int { findings.count { $0.severity == severity } }

    /// The report for a terminal, the worst last.
    func text() -> String {
        var lines = [
            "tradewind \(version), home \(home), "
                + (managerPID.map { "manager running, pid \($0)" } ?? "no manager runs")
        ]
        for severity in [Severity.ok, .note, .warning, .problem] {
            for finding in findings where finding.severity == severity {
                let word = severity.rawValue.padding(8)
                lines.append("\(word) \(finding.area.padding(9)) \(finding.what)  [\(finding.place)]")
                if !finding.remedy.isEmpty { lines.append("                   do: \(finding.remedy)") }
            }
        }
        lines.append(
            "\(count(.problem)) problems, \(count(.warning)) warnings, \(count(.note)) notes, \(count(.ok)) ok"
        )
        return lines.joined(separator: "\n")
    }
}

extension String {
    fileprivate func padding(_ width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}

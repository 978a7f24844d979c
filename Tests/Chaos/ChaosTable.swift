/// Counts and times of healing by kind of fault.
struct ChaosTable {
    private struct Line {
        var healed: [Duration] = []
        var missedRecords = 0
        var notes: [String] = []
    }

    private var lines: [Fault.Kind: Line] = [:]
    /// What the whole run came to.
    var account = ""

    var faultCount: Int { lines.values.reduce(0) { $0 + $1.healed.count } }

    mutating func add(_ kind: Fault.Kind, healed: Duration, missedRecords: Int, note: String) {
        var line = lines[kind] ?? Line()
        line.healed.append(healed)
        line.missedRecords += missedRecords
        if !note.isEmpty, !line.notes.contains(note) { line.notes.append(note) }
        lines[kind] = line
    }

    /// The table as text. Records are market data that strategies were told they missed: what a bus or feed had in its
    /// hands when it was killed.
    func rendered() -> String {
        let width = Fault.Kind.allCases.map(\.rawValue.count).max() ?? 0
        func row(_ cells: [String], _ notes: String) -> String {
            let head = cells[0] + String(repeating: " ", count: max(0, width - cells[0].count))
            let rest = cells.dropFirst().map { String(repeating: " ", count: max(0, 9 - $0.count)) + $0 }
            return head + rest.joined() + (notes.isEmpty ? "" : "  " + notes)
        }
        var text = [
            row(["fault", "count", "p50 ms", "max ms", "records"], "(healed after; market data missed)")
        ]
        for kind in Fault.Kind.allCases {
            guard let line = lines[kind] else { continue }
            let times = line.healed.sorted().map { String(Int($0 / .milliseconds(1))) }
            let cells = [
                kind.rawValue, "\(times.count)", times[times.count / 2], times[times.count - 1],
                "\(line.missedRecords)",
            ]
            text.append(row(cells, line.notes.suffix(2).joined(separator: "; ")))
        }
        return text.joined(separator: "\n")
    }
}

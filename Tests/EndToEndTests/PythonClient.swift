import Foundation
import TestSupport

/// The example client in `examples/clients/python`, run by the `python3` of the PATH.
enum PythonClient {
    static let directory = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../examples/clients/python").standardized.path

    /// What a finished run printed and returned.
    struct Result {
        var exitCode: Int32?
        var output: String
        var errors: String
    }

    /// Whether there is a Python that it runs on, with an SQLite that reads our database.
    static let isAvailable: Bool = {
        let check = """
            import sqlite3, sys
            sys.exit(sys.version_info < (3, 9) or sqlite3.sqlite_version_info < (3, 37))
            """
        return (try? python(["-c", check]).wait()) == 0
    }()

    /// Starts its command line on a home.
    static func start(_ arguments: String..., home: String) throws -> ProgramRun {
        try python([directory + "/tradewind_bus.py", "--home", home] + arguments)
    }

    /// Runs its command line on a home to the end.
    static func run(_ arguments: String..., home: String) throws -> Result {
        try result(of: python([directory + "/tradewind_bus.py", "--home", home] + arguments))
    }

    /// Runs a script that may import its modules.
    static func run(script: String, _ arguments: String...) throws -> Result {
        try result(of: python(["-c", script] + arguments))
    }

    /// Starts `python3`.
    static func python(_ arguments: [String]) throws -> ProgramRun {
        try ProgramRun(
            "python3", arguments, environment: ["PYTHONPATH": directory, "PYTHONDONTWRITEBYTECODE": "1"])
    }

    private static func result(of run: ProgramRun) -> Result {
        let exitCode = run.wait(seconds: 60)
        return Result(exitCode: exitCode, output: run.standardOutput, errors: run.standardError)
    }
}

/// What `tail` printed so far: lines of a topic (or `gap`, `sequence_gap`) and a JSON object.
struct TailOutput {
    struct Line {
        var topic: String
        var fields: [String: Any]

        /// A field as text; numbers as JSON has them.
        func text(_ name: String) -> String { fields[name].map { "\($0)" } ?? "" }
        func integer(_ name: String) -> Int { (fields[name] as? NSNumber)?.intValue ?? -1 }
    }

    private(set) var lines: [Line] = []

    /// Reads the whole lines; one that is still being printed is left out.
    init(_ run: ProgramRun) throws {
        for line in run.standardOutput.components(separatedBy: "\n").dropLast() {
            let parts = line.split(separator: " ", maxSplits: 1)
            guard parts.count == 2 else { throw Malformed(line: line) }
            guard let fields = try? JSONSerialization.jsonObject(with: Data(parts[1].utf8)) as? [String: Any]
            else {
                throw Malformed(line: line)
            }
            lines.append(Line(topic: String(parts[0]), fields: fields))
        }
    }

    struct Malformed: Error { var line: String }

    func lines(beginningWith prefix: String) -> [Line] { lines.filter { $0.topic.hasPrefix(prefix) } }

    /// Records printed, in their order.
    var records: [Line] { lines(beginningWith: "live_data:") }
    /// Jumps of sequence numbers that the client told of.
    var sequenceGaps: [Line] { lines(beginningWith: "sequence_gap") }

    /// Whether the records of one feed and the gaps told account for every number: none was lost silently.
    var isAccountedFor: Bool {
        var expected: Int?
        for line in lines {
            switch line.topic {
            case "sequence_gap":
                guard expected == nil || expected == line.integer("first_missing") else { return false }
                expected = line.integer("first_missing") + line.integer("missing_count")
            case let topic where topic.hasPrefix("live_data:"):
                guard expected == nil || expected == line.integer("sequence") else { return false }
                expected = line.integer("sequence") + 1
            default: break
            }
        }
        return expected != nil
    }
}

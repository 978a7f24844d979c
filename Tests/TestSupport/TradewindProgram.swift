import Foundation

/// The `tradewind` executable that was built beside the tests.
package enum TradewindProgram {
    /// Its path; `TRADEWIND_BINARY` names another one.
    package static let path: String =
        ProcessInfo.processInfo.environment["TRADEWIND_BINARY"]
        ?? URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appendingPathComponent("tradewind").path

    /// What a finished run printed and returned.
    package struct Result: Sendable {
        package var exitCode: Int32?
        package var output: String
        package var errors: String

        package init(exitCode: Int32?, output: String, errors: String) {
            self.exitCode = exitCode
            self.output = output
            self.errors = errors
        }
    }

    /// Runs it to the end.
    package static func run(_ arguments: String..., home: String, seconds: Double = 60) throws -> Result {
        try run(arguments, home: home, seconds: seconds)
    }

    /// Runs it to the end.
    package static func run(_ arguments: [String], home: String, seconds: Double = 60) throws -> Result {
        let run = try ProgramRun(path, arguments, environment: ["TRADEWIND_HOME": home])
        let exitCode = run.wait(seconds: seconds)
        return Result(exitCode: exitCode, output: run.standardOutput, errors: run.standardError)
    }

    /// Starts it in the background.
    package static func start(_ arguments: String..., home: String) throws -> ProgramRun {
        try ProgramRun(path, arguments, environment: ["TRADEWIND_HOME": home])
    }
}

/// The desk of misbehaving strategies that was built beside the tests.
package enum FaultProgram {
    /// Its path.
    package static let path: String =
        URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appendingPathComponent("FaultDesk").path
}

/// The bare `sqlite3` shell, as an operator without our programs would use it.
package enum SQLiteShell {
    /// A statement that the shell refused, with what it printed.
    package struct Refusal: Error, CustomStringConvertible {
        package var description: String
    }

    /// Runs statements on a database; rows come back as lines with `|` between columns.
    @discardableResult
    package static func run(_ sql: String, on database: String) throws -> [String] {
        // As an argument, since a program that a test starts has no input; a `.` line must stand alone there.
        let run = try ProgramRun("sqlite3", ["-batch", "-bail", "-cmd", ".timeout 5000", database, sql])
        let exitCode = run.wait(seconds: 30)
        guard exitCode == 0, run.standardError.isEmpty else { throw Refusal(description: run.standardError) }
        return run.standardOutput.split(separator: "\n").map(String.init)
    }
}

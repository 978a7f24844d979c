import ControlPlane
import Foundation
import TestSupport
import Testing

/// A home of its own for one test, with a database, removed at the end.
final class TemporaryHome {
    let home: HomeDirectory
    private let directory: URL

    init(isInitialized: Bool = true) throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("cp-" + makeUUID())
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        home = HomeDirectory(path: directory.appendingPathComponent("home").path)
        if isInitialized { try ControlStore.create(home) }
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    func open(_ access: ControlStore.Access = .manager) throws -> ControlStore {
        try ControlStore.open(home, access: access)
    }

    /// Runs statements in the sqlite3 shell, as an operator would.
    @discardableResult
    func shell(_ sql: String) throws -> ShellResult { try SQLiteShell.run(home.databasePath, sql) }
}

/// What the shell printed and how it ended.
struct ShellResult {
    let output: String
    let errors: String
    let exitCode: Int32
}

/// The system's sqlite3 program. Tests fail where it is not installed: it is an interface of the product.
enum SQLiteShell {
    static func process(_ arguments: [String]) -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["sqlite3", "-batch", "-init", "/dev/null"] + arguments
        return process
    }

    static func run(_ path: String, _ sql: String) throws -> ShellResult {
        let run = try ProgramRun("sqlite3", ["-batch", "-init", "/dev/null", path, sql])
        let exitCode = run.wait(seconds: 60)
        return ShellResult(
            output: run.standardOutput.trimmingCharacters(in: .newlines), errors: run.standardError,
            exitCode: exitCode ?? -1)
    }
}

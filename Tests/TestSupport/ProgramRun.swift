import Foundation
import Synchronization

/// A program that a test started, with what it prints kept in files.
package final class ProgramRun: @unchecked Sendable {
    // Unchecked: `process` is used by one test at a time, and Foundation's Process is safe to wait on and signal.
    private let process = Process()
    private let output: TemporaryDirectory

    /// What it printed on standard output so far.
    package var standardOutput: String { text("out") }
    /// What it printed on standard error so far.
    package var standardError: String { text("err") }
    package var processID: Int32 { process.processIdentifier }
    package var isRunning: Bool { process.isRunning }

    /// Starts a program with the given environment added to the test's own.
    package init(
        _ executable: String, _ arguments: [String], environment: [String: String] = [:],
        directory: String? = nil,
        input: String? = nil
    ) throws {
        output = try TemporaryDirectory()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        if let directory { process.currentDirectoryURL = URL(fileURLWithPath: directory) }
        for name in ["out", "err"] {
            try Data().write(to: URL(fileURLWithPath: output.file(name)))
        }
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: output.file("out")))
        process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: output.file("err")))
        if let input {
            try input.write(toFile: output.file("in"), atomically: false, encoding: .utf8)
            process.standardInput = try FileHandle(forReadingFrom: URL(fileURLWithPath: output.file("in")))
        } else {
            process.standardInput = FileHandle.nullDevice
        }
        try process.run()
    }

    /// Waits for the end; the exit code, or 128 + n after signal n. Kills and returns `nil` after the deadline.
    package func wait(seconds: Double = 60) -> Int32? {
        guard waitUntil(seconds: seconds, { !process.isRunning }) else {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            return nil
        }
        return process.terminationReason == .exit
            ? process.terminationStatus : 128 + process.terminationStatus
    }

    /// Sends a signal while it runs.
    package func signal(_ number: Int32) { if process.isRunning { kill(process.processIdentifier, number) } }

    private func text(_ name: String) -> String {
        (try? String(contentsOfFile: output.file(name), encoding: .utf8)) ?? ""
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }
}

/// Looks at a condition every few milliseconds until it holds or the time is over.
package func waitUntil(seconds: Double, _ condition: () throws -> Bool) rethrows -> Bool {
    let end = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < end {
        if try condition() { return true }
        var pause = timespec(tv_sec: 0, tv_nsec: 5_000_000)
        nanosleep(&pause, nil)
    }
    return try condition()
}

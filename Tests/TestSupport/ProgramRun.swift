import Foundation

/// A program that a test started, with what it prints kept in files. For one test at a time.
///
/// Started with posix_spawn(3): Foundation's Process on Linux has crashed in `run` after some hundreds of uses.
package final class ProgramRun {
    private let output: TemporaryDirectory
    private var exitStatus: Int32?

    /// The process; its number stays reserved until its end has been noticed here.
    package let processID: Int32

    /// What it printed on standard output so far.
    package var standardOutput: String { text("out") }
    /// What it printed on standard error so far.
    package var standardError: String { text("err") }
    package var isRunning: Bool {
        reap()
        return exitStatus == nil
    }

    /// Starts a program, looked up in PATH, with the given environment added to the test's own.
    package init(_ executable: String, _ arguments: [String], environment: [String: String] = [:]) throws {
        output = try TemporaryDirectory()
        try Data().write(to: URL(fileURLWithPath: output.file("err")))
        var variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        variables["PROGRAM_RUN_ERRORS"] = output.file("err")
        variables["PROGRAM_RUN_OUTPUT"] = output.file("out")
        // The shell looks the program up, sets the outputs and becomes the program.
        let script = #"exec "$@" </dev/null >"$PROGRAM_RUN_OUTPUT" 2>"$PROGRAM_RUN_ERRORS""#
        processID = try Self.spawn(
            ["/bin/sh", "-c", script, "sh", executable] + arguments, variables.map { "\($0.key)=\($0.value)" }
        )
    }

    /// Waits for the end; the exit code, or 128 + n after signal n. Kills and returns `nil` after the deadline.
    package func wait(seconds: Double = 60) -> Int32? {
        if waitUntil(seconds: seconds, { !isRunning }) { return exitStatus }
        end()
        return nil
    }

    /// Sends a signal while it runs.
    package func signal(_ number: Int32) { if isRunning { kill(processID, number) } }

    private static func spawn(_ arguments: [String], _ environment: [String]) throws -> Int32 {
        var argumentPointers = arguments.map { strdup($0) } + [nil]
        var environmentPointers = environment.map { strdup($0) } + [nil]
        defer { for pointer in argumentPointers + environmentPointers { free(pointer) } }
        // A test runs on a library's thread, whose blocked signals the program must not inherit.
        #if canImport(Darwin)
            var attributes: posix_spawnattr_t?
        #else
            var attributes = posix_spawnattr_t()
        #endif
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setsigmask(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var processID: pid_t = 0
        let result = posix_spawn(
            &processID, arguments[0], nil, &attributes, &argumentPointers, &environmentPointers)
        guard result == 0 else { throw POSIXError(POSIXErrorCode(rawValue: result) ?? .EINVAL) }
        return processID
    }

    private func reap() {
        guard exitStatus == nil else { return }
        var status: Int32 = 0
        guard waitpid(processID, &status, WNOHANG) == processID else { return }
        let signal = status & 0x7F
        exitStatus = signal == 0 ? status >> 8 & 0xFF : 128 + signal
    }

    private func end() {
        guard isRunning else { return }
        kill(processID, SIGKILL)
        waitpid(processID, nil, 0)
        exitStatus = 128 + SIGKILL
    }

    private func text(_ name: String) -> String {
        (try? String(contentsOfFile: output.file(name), encoding: .utf8)) ?? ""
    }

    deinit { end() }
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

import Foundation
import TestSupport

/// A real broker: `tradewind bus serve` in a process of its own, ended with the test.
final class BrokerProcess {
    let run: ProgramRun

    /// Starts it and waits until it listens.
    ///
    /// - Parameters:
    ///   - descriptorCountMax: how many descriptors it may have open; the test's own limit unless given.
    ///   - user: the user it runs as, and a copy of the program that this user can reach; needs root.
    init(_ socketPath: String, descriptorCountMax: Int? = nil, user: (id: Int, program: String)? = nil) throws
    {
        run = try Self.start(socketPath, descriptorCountMax: descriptorCountMax, user: user)
        let isListening = waitUntil(seconds: 20) {
            run.standardError.contains("listening on") || !run.isRunning
        }
        guard isListening, run.isRunning else {
            throw Timeout(description: "the broker does not listen: \(run.standardError)")
        }
    }

    /// Starts it, to listen or to fail.
    static func start(
        _ socketPath: String, descriptorCountMax: Int? = nil, user: (id: Int, program: String)? = nil
    ) throws -> ProgramRun {
        let limit = descriptorCountMax.map { "ulimit -n \($0); " } ?? ""
        let program = user?.program ?? TradewindProgram.path
        let command = [program, "bus", "serve", "--socket", socketPath]
        return try ProgramRun(
            "/bin/sh", ["-c", limit + #"exec "$@""#, "sh"] + (user.map { asUser($0.id) } ?? []) + command)
    }

    /// setpriv(1) before a command.
    static func asUser(_ id: Int) -> [String] {
        ["setpriv", "--reuid=\(id)", "--regid=\(id)", "--clear-groups", "--"]
    }

    /// What it told the operator.
    var log: [Substring] { run.standardError.split(separator: "\n") }

    /// kill(2) with SIGKILL, as an operator or the kernel would; waits for the end.
    func killAtOnce() {
        run.signal(SIGKILL)
        _ = run.wait(seconds: 10)
    }

    /// SIGTERM; the exit code.
    func stop() -> Int32? {
        run.signal(SIGTERM)
        return run.wait(seconds: 20)
    }

    /// A field of /proc/PID/status in bytes: `VmRSS` is resident, `VmData` what has been set aside, used or not.
    func memory(_ field: String) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(run.processID)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix(field + ":") }
        let number = line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }
        guard let number else { throw Timeout(description: "no \(field) in \(status)") }
        return number * 1_024
    }

    /// User and system time it has used so far.
    func processorSeconds() throws -> Double {
        let text = try String(contentsOfFile: "/proc/\(run.processID)/stat", encoding: .utf8)
        // The fields behind the name, which may hold anything, begin with the third.
        let fields = (text.split(separator: ")").last ?? "").split(separator: " ")
        guard fields.count > 13, let user = Double(fields[11]), let system = Double(fields[12]) else {
            throw Timeout(description: "cannot read \(text)")
        }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Makes room for some thousand sockets in this process.
    static func raiseDescriptorLimit() {
        var limit = rlimit()
        #if canImport(Glibc)
            let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
            let resource = RLIMIT_NOFILE
        #endif
        guard getrlimit(resource, &limit) == 0 else { return }
        limit.rlim_cur = min(limit.rlim_max, 8_192)
        _ = setrlimit(resource, &limit)
    }
}

import CPlatform
import Foundation
import Supervision
import TradingModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A command that is told of an alert: started without a shell, the alert as JSON on its standard input.
struct AlertHook {
    /// The program, a path or a name in PATH, and its arguments.
    var command: [String]
    /// What is added to PATH, LANG and TZ.
    var environment: [String: String]

    private static let inherited = ["PATH", "LANG", "TZ", "HOME"]

    /// Runs the command to its end; takes at most `limit`, and kills it and what it has started then.
    ///
    /// `document` has to fit into a pipe. Exit code 0 is success. Blocks; `isAbandoned` ends it early.
    func run(document: String, limit: Duration, isAbandoned: () -> Bool) -> AlertOutcome {
        guard let program = Self.program(command[0]) else {
            return .failed("there is no program \(command[0])")
        }
        guard let input = Pipe(), let output = Pipe() else { return .failed("there are no descriptors left") }
        cplatform_write_all(input.writing, Array(document.utf8), document.utf8.count)
        input.closeWriting()
        let inherited = Self.inherited.compactMap { name in
            ProcessInfo.processInfo.environment[name].map { "\(name)=\($0)" }
        }
        let pid: Int32
        do {
            pid = try ProcessSpawner.spawn(
                SpawnRequest(
                    executablePath: program, arguments: command,
                    environment: inherited + environment.map { "\($0.key)=\($0.value)" }.sorted(),
                    inputDescriptor: input.reading, output: .descriptor(output.writing)))
        } catch {
            return .failed("\(error)")
        }
        output.closeWriting()
        return Self.wait(for: pid, output, until: .now + limit, limit: limit, isAbandoned)
    }

    private static func wait(
        for pid: Int32, _ output: borrowing Pipe, until deadline: ContinuousClock.Instant, limit: Duration,
        _ isAbandoned: () -> Bool
    ) -> AlertOutcome {
        _ = cplatform_set_nonblocking(output.reading, 1)
        var kept: [UInt8] = []
        var status: Int32 = 0
        var isOutputOpen = true
        while true {
            let hasEnded = waitpid(pid, &status, WNOHANG) == pid
            if isOutputOpen { isOutputOpen = output.drain(into: &kept) }
            if hasEnded { break }
            guard ContinuousClock.now < deadline, !isAbandoned() else {
                // Not reaped yet, so the numbers are its own.
                kill(-pid, SIGKILL)
                kill(pid, SIGKILL)
                waitpid(pid, &status, 0)
                return .failed(
                    "it did not end within \(limit.components.seconds) s and was killed" + said(kept))
            }
            // A pipe that nobody writes to any more is always ready; without it this only waits.
            var entry = pollfd(fd: isOutputOpen ? output.reading : -1, events: Int16(POLLIN), revents: 0)
            // Its end alone does not wake this: somebody else may hold the other end.
            poll(&entry, 1, 20)
        }
        // What it left running in its session has had its time.
        kill(-pid, SIGKILL)
        if status & 0x7F != 0 { return .failed("it was ended by signal \(status & 0x7F)" + said(kept)) }
        let code = status >> 8 & 0xFF
        return code == 0 ? .delivered(said(kept)) : .failed("it ended with \(code)" + said(kept))
    }

    private static func said(_ bytes: [UInt8]) -> String {
        let text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return text.isEmpty ? "" : ": " + text
    }

    /// The file that a name stands for; `nil` when nothing in PATH can be run under it.
    static func program(_ name: String) -> String? {
        if name.contains("/") { return access(name, X_OK) == 0 ? name : nil }
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return path.split(separator: ":").map { $0 + "/" + name }.first { access($0, X_OK) == 0 }
    }

    /// A pipe(2) whose ends are closed with it.
    private final class Pipe {
        let reading: Int32
        private(set) var writing: Int32

        init?() {
            var descriptors: [Int32] = [-1, -1]
            guard pipe(&descriptors) == 0 else { return nil }
            reading = descriptors[0]
            writing = descriptors[1]
            for descriptor in descriptors { _ = cplatform_set_close_on_exec(descriptor, 1) }
        }

        func closeWriting() {
            close(writing)
            writing = -1
        }

        /// Reads what is there and keeps the first bytes of it; whether more may come.
        func drain(into kept: inout [UInt8]) -> Bool {
            var buffer = [UInt8](repeating: 0, count: 4_096)
            // A program that prints without end is stopped by its time.
            for _ in 0..<64 {
                let count = read(reading, &buffer, buffer.count)
                guard count > 0 else { return count < 0 }
                kept += buffer[..<min(count, max(0, AlertLimits.outputBytesMax - kept.count))]
            }
            return true
        }

        deinit {
            close(reading)
            if writing >= 0 { close(writing) }
        }
    }
}

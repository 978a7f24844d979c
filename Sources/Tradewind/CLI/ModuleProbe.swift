import Foundation
import Supervision

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Asks an executable which strategy classes it has, by `strategies classes --json`.
struct ModuleProbe {
    let path: String
    /// How long it may take to answer.
    var deadline: Duration = .seconds(10)

    private struct ClassName: Decodable { var name: String }

    /// The names; throws what is wrong with the executable when it does not answer as it should.
    func classes() throws -> Set<String> {
        let output = NSTemporaryDirectory() + "tradewind-classes-\(UUID().uuidString)"
        defer { unlink(output) }
        let status = try run(output: output)
        let text = (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
        guard status == .exited(code: 0),
            let names = try? JSONDecoder().decode([ClassName].self, from: Data(text.utf8))
        else {
            let start = text.prefix(200).split(separator: "\n").first.map { ": \($0)" } ?? ""
            throw CommandLineError(
                ExitCodes.configuration,
                "\(path) is no executable with strategies: 'strategies classes --json' \(status)\(start)")
        }
        return Set(names.map(\.name))
    }

    private func run(output: String) throws -> Supervision.ExitStatus {
        let pid = try ProcessSpawner.spawn(
            SpawnRequest(
                executablePath: path, arguments: [path, "strategies", "classes", "--json"],
                environment: ["PATH=/usr/bin:/bin"], output: .file(path: output)))
        let end = ContinuousClock.now + deadline
        var waitStatus: Int32 = 0
        while waitpid(pid, &waitStatus, WNOHANG) != pid {
            guard ContinuousClock.now < end else {
                // Not reaped yet, so the number is its own.
                kill(-pid, SIGKILL)
                kill(pid, SIGKILL)
                waitpid(pid, &waitStatus, 0)
                throw CommandLineError(
                    ExitCodes.configuration, "\(path) did not name its classes within \(deadline)")
            }
            Thread.sleep(forTimeInterval: 0.002)
        }
        return Supervision.ExitStatus(waitStatus: waitStatus) ?? .unknown
    }
}

import Foundation
import Supervision
import Synchronization

/// Which parameters a strategy class has: asked of the executable that has it, once for each version of the file.
final class ClassCatalog: Sendable {
    /// A parameter as `strategies classes --json` describes it.
    struct Parameter: Decodable, Sendable {
        var name: String
        var kind: String
        var defaultValue: String
        var range: String
        var isLive: Bool
        var help: String

        private enum CodingKeys: String, CodingKey {
            case name, kind, range, help
            case defaultValue = "default"
            case isLive = "live"
        }
    }

    private struct Class: Decodable, Sendable {
        var name: String
        var parameters: [Parameter]
    }

    private struct Version: Hashable {
        var path: String
        var modified: Date?
    }

    private static let versionsMax = 64
    private let known = Mutex<[Version: [Class]]>([:])

    /// The parameters; `nil` when the executable does not know the class, or does not answer.
    func parameters(of className: String, in executable: String) -> [Parameter]? {
        let attributes = try? FileManager.default.attributesOfItem(atPath: executable)
        let version = Version(path: executable, modified: attributes?[.modificationDate] as? Date)
        if let classes = known.withLock({ $0[version] }) {
            return classes.first { $0.name == className }?.parameters
        }
        let classes = Self.classes(of: executable) ?? []
        known.withLock { known in
            if known.count >= Self.versionsMax { known = [:] }
            known[version] = classes
        }
        return classes.first { $0.name == className }?.parameters
    }

    private static func classes(of executable: String) -> [Class]? {
        let output = NSTemporaryDirectory() + "tradewind-classes-\(UUID().uuidString)"
        defer { unlink(output) }
        let request = SpawnRequest(
            executablePath: executable, arguments: [executable, "strategies", "classes", "--json"],
            environment: ["PATH=/usr/bin:/bin"], output: .file(path: output))
        guard let pid = try? ProcessSpawner.spawn(request) else { return nil }
        let end = ContinuousClock.now + .seconds(Limits.classesSeconds)
        var status: Int32 = 0
        while waitpid(pid, &status, WNOHANG) != pid {
            guard ContinuousClock.now < end else {
                // Not reaped yet, so the number is its own.
                kill(-pid, SIGKILL)
                kill(pid, SIGKILL)
                waitpid(pid, &status, 0)
                return nil
            }
            Thread.sleep(forTimeInterval: 0.002)
        }
        guard status == 0, let data = FileManager.default.contents(atPath: output) else { return nil }
        return try? JSONDecoder().decode([Class].self, from: data)
    }
}

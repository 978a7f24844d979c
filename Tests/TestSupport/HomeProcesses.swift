import Foundation

/// Which processes have files of a home open, as the kernel tells: independent of the database and of the manager.
///
/// Reads /proc; empty on a system without it. Processes of other users are seen by root only.
package struct HomeProcesses {
    /// A process with something of the home open.
    package struct Member {
        package let pid: Int32
        /// Its arguments, separated by spaces.
        package let arguments: String
        /// What is open inside the home, relative to it.
        package let files: Set<String>

        /// Whether the manager has started it.
        package var isRole: Bool { arguments.contains("role-process") }
    }

    package let members: [Member]

    /// Whether this system tells.
    package static let isKnown = FileManager.default.fileExists(atPath: "/proc/self/fd")

    /// Looks at all processes.
    package init(home: String) {
        let prefix = home + "/"
        members = Self.pids().compactMap { pid in
            let files = Self.descriptors(of: pid).filter { $0.hasPrefix(prefix) }.map {
                String($0.dropFirst(prefix.count))
            }
            guard !files.isEmpty else { return nil }
            return Member(pid: pid, arguments: Self.arguments(of: pid), files: Set(files))
        }
    }

    /// The processes that hold an instance lock by its name: `bus`, `feed-<id>` or a strategy's id.
    package func holders(of name: String) -> [Int32] {
        members.filter { $0.isRole && $0.files.contains("run/\(name).lock") }.map(\.pid)
    }

    /// The managers of the home.
    package var managers: [Int32] {
        members.filter { !$0.isRole && $0.files.contains("manager.lock") }.map(\.pid)
    }

    /// Children of a process that have ended and were not waited for.
    package static func zombies(of parent: Int32) -> [Int32] {
        pids().filter { pid in
            let stat = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
            let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
            return fields.count > 1 && fields[0] == "Z" && Int32(fields[1]) == parent
        }
    }

    /// How many descriptors of each kind a process has: files by their paths, the others by their type.
    package static func descriptorKinds(of pid: Int32) -> [String: Int] {
        var kinds: [String: Int] = [:]
        for path in descriptors(of: pid) {
            kinds[kind(of: path), default: 0] += 1
        }
        return kinds
    }

    /// Sockets and pipes without their numbers, journals without their epochs, what a test reads as output.
    private static func kind(of path: String) -> String {
        if path.hasSuffix(".journal") { return "journal" }
        if path.hasSuffix("/out") || path.hasSuffix("/err") { return "output" }
        return path.hasPrefix("/") || path.hasPrefix("anon_inode") ? path : String(path.prefix { $0 != ":" })
    }

    private static func pids() -> [Int32] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int32($0) }
    }

    private static func arguments(of pid: Int32) -> String {
        let data = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") ?? Data()
        return data.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
    }

    private static func descriptors(of pid: Int32) -> [String] {
        let folder = "/proc/\(pid)/fd"
        let numbers = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return numbers.compactMap { number in
            var buffer = [CChar](repeating: 0, count: 4_096)
            let count = readlink("\(folder)/\(number)", &buffer, buffer.count)
            guard count > 0 else { return nil }
            return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }
}

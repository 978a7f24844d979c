package import ControlPlane
import Foundation

/// Processes of a manager that ended without stopping them.
package enum LeftOverProcesses {
    /// Ends all processes that still hold an instance lock of the home, so that no second copy can come to be.
    ///
    /// Asks with SIGTERM first and kills after `patience`. A process is signalled only when pid, start time and
    /// boot id prove that it is the one that took the lock. Throws when a lock is still held once more `patience`
    /// has passed.
    package static func end(
        in home: HomeDirectory, patience: Duration = Limits.leftOverStop, report: (String) -> Void
    ) throws {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: home.runDirectory)) ?? []).sorted()
        var held: [(path: String, handle: ProcessHandle?)] = []
        for name in names where name.hasSuffix(".lock") && !name.hasSuffix(".sock.lock") {
            let path = home.runDirectory + "/" + name
            guard case .held(let holder) = try InstanceLock.acquire(path: path) else { continue }
            let handle = holder.flatMap { try? ProcessHandle(adopting: $0.identity) }
            report(
                "process \(handle.map { String($0.pid) } ?? "?") of an earlier manager holds \(name): ending it"
            )
            try? handle?.terminate()
            held.append((path, handle))
        }
        try waitUntilFree(held, patience)
    }

    private static func waitUntilFree(
        _ held: [(path: String, handle: ProcessHandle?)], _ patience: Duration
    ) throws {
        let killAt = MonotonicClock.now + patience
        let giveUpAt = killAt + patience
        var isKilled = false
        while true {
            let remaining = try held.filter { entry in
                if case .held = try InstanceLock.acquire(path: entry.path) { true } else { false }
            }
            guard let first = remaining.first else { return }
            let now = MonotonicClock.now
            if now >= giveUpAt {
                throw SupervisionError(
                    .lockFailed,
                    "\(first.path) is still held by a process of an earlier manager: end it by hand")
            }
            if now >= killAt, !isKilled {
                isKilled = true
                for entry in remaining { try? entry.handle?.signalGroup(SIGKILL) }
            }
            Thread.sleep(forTimeInterval: 0.02)
        }
    }
}

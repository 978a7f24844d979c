package import ControlPlane
import Foundation

/// What an earlier manager of a home left behind: the processes that live on, and those that ended since.
///
/// Read from the instance locks, while the manager's lock is held. A process counts as alive when its lock is held and
/// pid, start time and boot id prove that the holder in the lock's text is the one that runs under that number; only
/// then is it ever signalled.
package struct LeftBehind: Sendable {
    /// A process that lives on.
    package struct Process: Sendable {
        /// A hold on it, by which it is watched and signalled.
        package let handle: ProcessHandle
        /// Its epoch.
        package let epoch: UInt32
    }

    /// The living, by the name of their lock: `bus`, `feed-<id>` or a strategy's id.
    package private(set) var living: [String: Process] = [:]
    /// The last holders of free locks, by the name of the lock.
    package private(set) var ended: [String: InstanceLock.Holder] = [:]
    /// Locks that are held by a process that cannot be proven to be ours; nothing is started under them.
    package private(set) var unproven: [String] = []
    /// Whether the manager before this one ended without stopping its processes: it was killed, or detached.
    package private(set) var isContinuation = false

    /// Nothing was left.
    package init() {}

    /// Looks at all instance locks of a home. `lastManager` is what the manager's lock said before it was taken.
    package init(in home: HomeDirectory, lastManager: InstanceLock.Holder?) throws(SupervisionError) {
        if let lastManager {
            isContinuation =
                lastManager.end == nil && lastManager.identity.bootID == ProcessIdentity.currentBootID
        }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: home.runDirectory)) ?? []
        for file in names.sorted() where file.hasSuffix(".lock") && !file.hasSuffix(".sock.lock") {
            let name = String(file.dropLast(5))
            switch try InstanceLock.inspect(path: home.runDirectory + "/" + file) {
            case .free(let last): ended[name] = last
            case .held(let holder):
                if let holder, let handle = try? ProcessHandle(adopting: holder.identity) {
                    living[name] = Process(handle: handle, epoch: holder.epoch)
                } else {
                    unproven.append(name)
                }
            }
        }
    }

    /// Hands out a living process, once.
    mutating func take(_ name: String) -> Process? { living.removeValue(forKey: name) }
}

package import ControlPlane

/// Tells whether a manager runs in a home.
package enum ManagerProbe {
    /// Whether the manager's lock is held by somebody else.
    package static func isRunning(_ home: HomeDirectory) -> Bool { pid(home) != nil }

    /// The manager's process id; `nil` when none runs.
    package static func pid(_ home: HomeDirectory) -> Int32? {
        // The text of the lock is proof only together with the process's start time and boot.
        guard let holder = InstanceLock.holder(path: home.managerLockPath), holder.identity.isAlive else {
            return nil
        }
        return holder.identity.pid
    }
}

import Synchronization

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Learns of the end of processes, on one thread of its own, and reaps those that are children.
///
/// Every watched child is reaped here and nowhere else; SIGCHLD and a global waitpid(2) are not used.
package final class ExitWatcher: Sendable {
    private let state: WatcherState
    private let thread: WatcherThread

    /// Starts the thread.
    package init() throws(SupervisionError) {
        state = WatcherState(poller: try ExitPoller())
        thread = try WatcherThread(running: state)
    }

    deinit { close() }

    /// Calls `onExit` once, on the watcher's thread, when the process ends; at once if it has ended already.
    ///
    /// `onExit` must be short. The status of a process that is no child is what the system still knows of it, else
    /// `.unknown`. What is left of the group that the process led is killed. The handle is kept until then.
    package func watch(
        _ handle: ProcessHandle, onExit: @escaping @Sendable (ExitStatus) -> Void
    ) throws(SupervisionError) {
        try state.add(handle, onExit)
    }

    /// The number of processes whose end has not been seen yet.
    package var watchedCount: Int { state.watchedCount }

    /// Ends the thread and forgets all watched processes without calling anybody. May be called again.
    package func close() {
        state.requestStop()
        thread.join()
    }
}

/// What the watcher's thread and its callers share.
private final class WatcherState: Sendable {
    private struct Entry {
        let handle: ProcessHandle
        let onExit: @Sendable (ExitStatus) -> Void
    }

    private struct Table {
        var entries: [UInt64: Entry] = [:]
        var lastKey: UInt64 = ExitPoller.wakeKey
        var isStopping = false
    }

    private let poller: ExitPoller
    private let table = Mutex(Table())

    init(poller: ExitPoller) { self.poller = poller }

    var watchedCount: Int { table.withLock { $0.entries.count } }

    func add(_ handle: ProcessHandle, _ onExit: @escaping @Sendable (ExitStatus) -> Void)
        throws(SupervisionError)
    {
        let key: UInt64? = table.withLock { table in
            guard !table.isStopping else { return nil }
            table.lastKey += 1
            table.entries[table.lastKey] = Entry(handle: handle, onExit: onExit)
            return table.lastKey
        }
        guard let key else {
            throw SupervisionError(.watchFailed, "watch process \(handle.pid): the watcher is closed")
        }
        do {
            try poller.add(handle, key: key)
        } catch {
            table.withLock { $0.entries[key] = nil }
            throw error
        }
    }

    func requestStop() {
        table.withLock { $0.isStopping = true }
        poller.wake()
    }

    /// The body of the thread.
    func run() {
        var keys = [UInt64](repeating: 0, count: Limits.exitsPerWakeMax)
        while !table.withLock({ $0.isStopping }) {
            let count = poller.wait(&keys)
            for key in keys[..<count] where key != ExitPoller.wakeKey { finish(key) }
        }
        table.withLock { $0.entries.removeAll() }
    }

    private func finish(_ key: UInt64) {
        guard let entry = table.withLock({ $0.entries[key] }), let status = reap(entry.handle) else { return }
        poller.remove(entry.handle)
        table.withLock { $0.entries[key] = nil }
        entry.onExit(status)
    }

    /// The exit status; `nil` when the process has not ended after all.
    private func reap(_ handle: ProcessHandle) -> ExitStatus? {
        #if canImport(Darwin)
            // NOTE_EXIT comes once and a moment before the child can be reaped, so the call may wait for that.
            guard handle.isChild else { return .unknown }
            let options: Int32 = 0
        #else
            guard handle.hasEnded else { return nil }
            handle.killRestOfGroup()
            guard handle.isChild else { return handle.statusOfEnded }
            let options = WNOHANG
        #endif
        var waitStatus: Int32 = 0
        while true {
            let result = waitpid(handle.pid, &waitStatus, options)
            if result == handle.pid { return ExitStatus(waitStatus: waitStatus) ?? .unknown }
            if result == 0 { return nil }
            // ECHILD: somebody set SIGCHLD to be ignored, so the kernel reaped it.
            if errno != EINTR { return .unknown }
        }
    }
}

/// One POSIX thread that runs a watcher and is joined once.
private final class WatcherThread: Sendable {
    /// The identifier is a number or a pointer that is only handed back to the system, from any thread.
    private struct Identifier: @unchecked Sendable {
        let value: pthread_t
    }

    private let identifier: Mutex<Identifier?>

    init(running state: WatcherState) throws(SupervisionError) {
        let context = Unmanaged.passRetained(state)
        #if canImport(Darwin)
            var created: pthread_t?
            let result = pthread_create(&created, nil, { watcherMain($0) }, context.toOpaque())
        #else
            var value = pthread_self()
            let result = pthread_create(&value, nil, { watcherMain($0) }, context.toOpaque())
            let created: pthread_t? = value
        #endif
        guard result == 0, let thread = created else {
            context.release()
            throw SupervisionError(.watchFailed, "start the thread that watches processes", errno: result)
        }
        identifier = Mutex(Identifier(value: thread))
    }

    func join() {
        let taken: Identifier? = identifier.withLock { identifier in
            defer { identifier = nil }
            return identifier
        }
        guard let taken else { return }
        // A callback may drop the last reference to the watcher; a thread cannot wait for itself.
        if pthread_equal(taken.value, pthread_self()) != 0 {
            pthread_detach(taken.value)
        } else {
            pthread_join(taken.value, nil)
        }
    }
}

private func watcherMain(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    // Signals are for the threads of the program, not for this one.
    var all = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, nil)
    guard let context else { return nil }
    Unmanaged<WatcherState>.fromOpaque(context).takeRetainedValue().run()
    return nil
}

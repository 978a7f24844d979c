import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Syncs journal files to the disk before what was read from them is stored, on a thread of its own, so that commands
/// do not wait for it. One round at a time; the store thread begins it and takes its result.
final class JournalSyncThread: Sendable {
    private enum State {
        case idle, busy
        /// The errno of the first sync that failed; 0 when all went well.
        case done(Int32)
    }

    private let state = Mutex(State.idle)
    private let thread = WorkerThread(name: "journal-sync")

    /// Syncs files and closes these descriptors, then calls `ended` on its thread.
    func begin(_ descriptors: [Int32], ended: @escaping @Sendable () -> Void) {
        state.withLock { $0 = .busy }
        thread.async { [self] in
            var failure: Int32 = 0
            for descriptor in descriptors {
                if Self.sync(descriptor) != 0, failure == 0 { failure = errno }
                close(descriptor)
            }
            state.withLock { $0 = .done(failure) }
            ended()
        }
    }

    /// Whether a round is under way.
    var isBusy: Bool { state.withLock { if case .busy = $0 { true } else { false } } }

    /// The result of a round that has ended, once: 0 or an errno; `nil` when there is none.
    func takeResult() -> Int32? {
        state.withLock { state in
            guard case .done(let failure) = state else { return nil }
            state = .idle
            return failure
        }
    }

    /// Waits until nothing is under way.
    func wait() { thread.finish() }

    private static func sync(_ descriptor: Int32) -> Int32 {
        #if canImport(Darwin)
            fsync(descriptor)
        #else
            fdatasync(descriptor)
        #endif
    }
}

#if canImport(Darwin)
    import Darwin

    /// Waits for processes to exit: kqueue(2) with NOTE_EXIT, and a user event to be woken by.
    final class ExitPoller: Sendable {
        /// The key that stands for `wake`.
        static let wakeKey: UInt64 = 0

        private let queue: Int32

        init() throws(SupervisionError) {
            queue = kqueue()
            guard queue >= 0 else {
                throw SupervisionError(.watchFailed, "make the queue that watches processes", errno: errno)
            }
            let flags = UInt16(EV_ADD | EV_CLEAR)
            guard change(ident: 0, filter: Int16(EVFILT_USER), flags: flags, notes: 0, key: Self.wakeKey) == 0
            else {
                throw SupervisionError(.watchFailed, "make the event that wakes the watcher", errno: errno)
            }
        }

        deinit {
            if queue >= 0 { close(queue) }
        }

        /// Reports `key` when the process ends, at once if it has ended.
        func add(_ handle: ProcessHandle, key: UInt64) throws(SupervisionError) {
            let flags = UInt16(EV_ADD | EV_ONESHOT)
            let result = change(
                ident: UInt(handle.pid), filter: Int16(EVFILT_PROC), flags: flags, notes: UInt32(NOTE_EXIT),
                key: key)
            if result == 0 { return }
            // ESRCH: it has ended before it could be watched; a user event under the same key says so.
            guard errno == ESRCH,
                change(ident: UInt(key), filter: Int16(EVFILT_USER), flags: flags, notes: 0, key: key) == 0,
                change(
                    ident: UInt(key), filter: Int16(EVFILT_USER), flags: 0, notes: UInt32(NOTE_TRIGGER),
                    key: key) == 0
            else { throw SupervisionError(.watchFailed, "watch process \(handle.pid)", errno: errno) }
        }

        /// Nothing to do: events are reported once.
        func remove(_ handle: ProcessHandle) {}

        /// Makes `wait` return.
        func wake() {
            _ = change(
                ident: 0, filter: Int16(EVFILT_USER), flags: 0, notes: UInt32(NOTE_TRIGGER), key: Self.wakeKey
            )
        }

        /// Waits for an end or a wake-up; returns how many keys were written. EINTR counts as a wake-up.
        func wait(_ keys: inout [UInt64]) -> Int {
            let capacity = keys.count
            return withUnsafeTemporaryAllocation(of: kevent.self, capacity: capacity) { events in
                let count = kevent(queue, nil, 0, events.baseAddress, Int32(capacity), nil)
                guard count > 0 else { return 0 }
                for index in 0..<Int(count) { keys[index] = UInt64(UInt(bitPattern: events[index].udata)) }
                return Int(count)
            }
        }

        private func change(ident: UInt, filter: Int16, flags: UInt16, notes: UInt32, key: UInt64) -> Int32 {
            var event = kevent(
                ident: ident, filter: filter, flags: flags, fflags: notes, data: 0,
                udata: UnsafeMutableRawPointer(bitPattern: UInt(key)))
            return kevent(queue, &event, 1, nil, 0, nil)
        }
    }
#endif

#if os(Linux)
    import CPlatform
    import Glibc
    import TradingModel

    /// Opens the system's signal for changes of a database.
    func makeChangeSignal(databasePath: String) throws(ControlError) -> any ChangeSignal {
        try InotifySignal(databasePath: databasePath)
    }

    /// inotify(7) on the directory of the database, so that the write-ahead log may come and go.
    ///
    /// When the directory cannot be watched (the limit of watches is used up), only `wake` and timeouts are
    /// left, and the watcher's polling carries on.
    final class InotifySignal: ChangeSignal {
        private let inotify: Int32
        private let wakeUp: Int32
        private let logName: [UInt8]

        init(databasePath: String) throws(ControlError) {
            let parts = databasePath.split(separator: "/", omittingEmptySubsequences: true)
            guard let name = parts.last, databasePath.hasPrefix("/") else {
                throw ControlError(.system, "\(databasePath) is not an absolute path")
            }
            logName = Array((name + "-wal").utf8)
            wakeUp = cplatform_eventfd()
            guard wakeUp >= 0 else { throw ControlError(.system, "eventfd failed", errno: errno) }
            inotify = inotify_init1(Int32(IN_CLOEXEC | IN_NONBLOCK))
            guard inotify >= 0 else { return }
            let directory = "/" + parts.dropLast().joined(separator: "/")
            inotify_add_watch(inotify, directory, UInt32(IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_ONLYDIR))
        }

        deinit {
            close(wakeUp)
            if inotify >= 0 { close(inotify) }
        }

        func wake() {
            var one: UInt64 = 1
            // EAGAIN means that the counter is full, which wakes as well.
            _ = write(wakeUp, &one, 8)
        }

        func wait(for duration: Duration) -> ChangeSignalEvent {
            let nanoseconds = max(0, duration.wholeNanoseconds)
            let readable = cplatform_poll_two(wakeUp, inotify, nanoseconds)
            precondition(readable >= 0, "ppoll failed on descriptors that are open")
            guard readable > 0 else { return .nothing }
            if readable & 1 != 0 {
                var count: UInt64 = 0
                _ = read(wakeUp, &count, 8)
                return .woken
            }
            return drain() ? .written : .nothing
        }

        /// Reads all events; whether one was about the write-ahead log or some were lost.
        private func drain() -> Bool {
            withUnsafeTemporaryAllocation(byteCount: 16_384, alignment: 8) { buffer in
                var isWritten = false
                while true {
                    let count = read(inotify, buffer.baseAddress, buffer.count)
                    guard count > 0 else { return isWritten }
                    if isAboutLog(UnsafeRawBufferPointer(rebasing: buffer[..<count])) { isWritten = true }
                }
            }
        }

        private func isAboutLog(_ events: UnsafeRawBufferPointer) -> Bool {
            // struct inotify_event: wd, mask, cookie, len (4 bytes each), then the name, padded with zeros.
            var offset = 0
            while offset + 16 <= events.count {
                let mask = events.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self)
                let length = Int(events.loadUnaligned(fromByteOffset: offset + 12, as: UInt32.self))
                if mask & UInt32(IN_Q_OVERFLOW) != 0 { return true }
                let end = min(offset + 16 + length, events.count)
                if events[(offset + 16)..<end].prefix(while: { $0 != 0 }).elementsEqual(logName) {
                    return true
                }
                offset = end
            }
            return false
        }
    }
#endif

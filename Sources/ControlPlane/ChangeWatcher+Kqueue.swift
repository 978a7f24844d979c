#if canImport(Darwin)
    import CPlatform
    import Darwin
    import Synchronization
    import TradingModel

    /// Opens the system's signal for changes of a database.
    func makeChangeSignal(databasePath: String) throws(ControlError) -> any ChangeSignal {
        try KqueueSignal(databasePath: databasePath)
    }

    /// kqueue(2) on the write-ahead log, opened again whenever it was deleted or was not there yet.
    final class KqueueSignal: ChangeSignal {
        private static let wakeUpIdentifier: UInt = 1
        private let queue: Int32
        private let logPath: String
        /// The log's descriptor, -1 while there is none.
        private let log = Mutex<Int32>(-1)

        init(databasePath: String) throws(ControlError) {
            logPath = databasePath + "-wal"
            queue = kqueue()
            guard queue >= 0 else { throw ControlError(.system, "kqueue failed", errno: errno) }
            _ = cplatform_set_close_on_exec(queue, 1)
            var change = Self.event(Self.wakeUpIdentifier, EVFILT_USER, EV_ADD | EV_CLEAR, 0)
            guard kevent(queue, &change, 1, nil, 0, nil) == 0 else {
                throw ControlError(.system, "kevent failed", errno: errno)
            }
        }

        deinit {
            log.withLock { if $0 >= 0 { close($0) } }
            close(queue)
        }

        func wake() {
            var trigger = Self.event(Self.wakeUpIdentifier, EVFILT_USER, 0, UInt32(NOTE_TRIGGER))
            _ = kevent(queue, &trigger, 1, nil, 0, nil)
        }

        func wait(for duration: Duration) -> ChangeSignalEvent {
            openLog()
            let nanoseconds = Int(max(0, duration.wholeNanoseconds))
            var timeout = timespec(tv_sec: nanoseconds / 1_000_000_000, tv_nsec: nanoseconds % 1_000_000_000)
            var event = kevent()
            guard kevent(queue, nil, 0, &event, 1, &timeout) > 0 else { return .nothing }
            if event.filter == Int16(EVFILT_USER) { return .woken }
            if event.fflags & UInt32(NOTE_DELETE | NOTE_RENAME) != 0 { closeLog() }
            return .written
        }

        private func openLog() {
            log.withLock { descriptor in
                guard descriptor < 0 else { return }
                descriptor = cplatform_open(logPath, O_EVTONLY, 0)
                guard descriptor >= 0 else { return }
                let notes = UInt32(NOTE_WRITE | NOTE_EXTEND | NOTE_DELETE | NOTE_RENAME)
                var change = Self.event(UInt(descriptor), EVFILT_VNODE, EV_ADD | EV_CLEAR, notes)
                _ = kevent(queue, &change, 1, nil, 0, nil)
            }
        }

        private func closeLog() {
            log.withLock { descriptor in
                if descriptor >= 0 { close(descriptor) }
                descriptor = -1
            }
        }

        private static func event(_ identifier: UInt, _ filter: Int32, _ flags: Int32, _ notes: UInt32)
            -> kevent
        {
            kevent(
                ident: identifier, filter: Int16(filter), flags: UInt16(flags), fflags: notes, data: 0,
                udata: nil)
        }
    }
#endif

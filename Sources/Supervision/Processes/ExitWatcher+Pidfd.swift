#if os(Linux)
    import CPlatform

    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #endif

    /// Waits for pidfds to become readable: epoll(7), and an eventfd(2) to be woken by.
    final class ExitPoller: Sendable {
        /// The key that stands for `wake`.
        static let wakeKey: UInt64 = 0

        private let epoll: Int32
        private let event: Int32

        init() throws(SupervisionError) {
            epoll = cplatform_epoll_create()
            let epollError = errno
            event = cplatform_eventfd()
            let eventError = errno
            let context = "make the descriptors that watch processes"
            guard epoll >= 0 else { throw SupervisionError(.watchFailed, context, errno: epollError) }
            guard event >= 0 else { throw SupervisionError(.watchFailed, context, errno: eventError) }
            guard cplatform_epoll_add(epoll, event, Self.wakeKey) == 0 else {
                throw SupervisionError(.watchFailed, context, errno: errno)
            }
        }

        deinit {
            if epoll >= 0 { close(epoll) }
            if event >= 0 { close(event) }
        }

        /// Reports `key` when the process ends, at once if it has ended.
        func add(_ handle: ProcessHandle, key: UInt64) throws(SupervisionError) {
            guard cplatform_epoll_add(epoll, handle.descriptor, key) == 0 else {
                throw SupervisionError(.watchFailed, "watch process \(handle.pid)", errno: errno)
            }
        }

        /// Stops reporting the process.
        func remove(_ handle: ProcessHandle) { _ = cplatform_epoll_remove(epoll, handle.descriptor) }

        /// Makes `wait` return.
        func wake() {
            var one: UInt64 = 1
            // Fails only when the counter is at its top, and then it wakes anyway.
            _ = write(event, &one, 8)
        }

        /// Waits for an end or a wake-up; returns how many keys were written. EINTR counts as a wake-up.
        func wait(_ keys: inout [UInt64]) -> Int {
            Int(max(0, cplatform_epoll_wait(epoll, &keys, Int32(keys.count))))
        }
    }
#endif

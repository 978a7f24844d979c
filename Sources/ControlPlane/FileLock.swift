import CPlatform

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// An exclusive flock(2) on a file of its own, held until it is released or the process ends.
struct FileLock: ~Copyable {
    private let descriptor: Int32

    /// Waits for the lock at `path`, creating the file; throws `busy` after the timeout.
    init(path: String, timeout: Duration) throws(ControlError) {
        let descriptor = try SystemCall.openFile(path, flags: O_RDWR | O_CREAT)
        let deadline = ContinuousClock.now + timeout
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let code = errno
            guard code == EWOULDBLOCK || code == EINTR, ContinuousClock.now < deadline else {
                close(descriptor)
                throw ControlError(.busy, "\(path) is held by another process: try again", errno: code)
            }
            // flock has no timeout of its own.
            usleep(1_000)
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }
}

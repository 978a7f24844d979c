internal import CPlatform
internal import NIOCore

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// A Unix socket's path: its length, its directory, and who has a right to it.
package struct SocketPath: Sendable {
    /// Bytes of `sun_path`, the terminating zero included: 108 on Linux, 104 on macOS.
    package static let byteCountMax = MemoryLayout.size(ofValue: sockaddr_un().sun_path)

    /// The path.
    package let path: String

    /// Checks that the path fits a socket address.
    package init(_ path: String) throws(BusError) {
        guard !path.isEmpty, !path.utf8.contains(0) else {
            throw BusError(.bindFailed, "the socket path is empty or holds a zero byte")
        }
        guard path.utf8.count < Self.byteCountMax else {
            throw BusError(
                .pathTooLong,
                "the socket path \(path) has \(path.utf8.count) bytes, but the system allows "
                    + "\(Self.byteCountMax - 1); choose a shorter home directory")
        }
        self.path = path
    }

    private var directory: String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Makes the directory with mode 0700 when it is missing; otherwise checks that it is ours alone.
    package func prepareDirectory() throws(BusError) {
        var information = stat()
        if mkdir(directory, 0o700) != 0, errno != EEXIST {
            throw BusError(
                .unsafeDirectory, "cannot make the socket directory \(directory)", systemErrorNumber: errno)
        }
        guard stat(directory, &information) == 0 else {
            throw BusError(
                .unsafeDirectory, "cannot examine the socket directory \(directory)", systemErrorNumber: errno
            )
        }
        guard information.st_uid == geteuid(), information.st_mode & 0o077 == 0 else {
            throw BusError(
                .unsafeDirectory,
                "the socket directory \(directory) belongs to user \(information.st_uid) with mode "
                    + "0\(String(information.st_mode & 0o777, radix: 8)); it must be yours alone: chmod 700 \(directory)"
            )
        }
    }

    /// Takes the lock beside the socket and removes a socket that nobody answers on.
    ///
    /// - Returns: the lock's descriptor, to be held while the socket is served.
    package func acquire() throws(BusError) -> Int32 {
        let lockPath = path + ".lock"
        let lock = cplatform_open(lockPath, O_RDWR | O_CREAT, 0o600)
        guard lock >= 0 else {
            throw BusError(.bindFailed, "cannot open \(lockPath)", systemErrorNumber: errno)
        }
        do throws(BusError) {
            guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
                throw BusError(
                    .addressInUse, "another broker holds \(lockPath); stop it or use another home directory")
            }
            try removeStaleSocket()
            return lock
        } catch {
            close(lock)
            throw error
        }
    }

    /// chmod(2) to 0600.
    package func restrict() throws(BusError) {
        guard chmod(path, 0o600) == 0 else {
            throw BusError(.bindFailed, "cannot set mode 0600 on \(path)", systemErrorNumber: errno)
        }
    }

    /// Removes the socket file and lets the lock go.
    package func release(lock: Int32) {
        unlink(path)
        close(lock)
    }

    private func removeStaleSocket() throws(BusError) {
        var information = stat()
        guard lstat(path, &information) == 0 else {
            if errno == ENOENT { return }
            throw BusError(.bindFailed, "cannot examine \(path)", systemErrorNumber: errno)
        }
        guard information.st_mode & S_IFMT == S_IFSOCK else {
            throw BusError(.bindFailed, "\(path) exists and is not a socket; remove it")
        }
        guard !isAnswered() else {
            throw BusError(
                .addressInUse, "somebody answers on \(path); stop it or use another home directory")
        }
        guard unlink(path) == 0 || errno == ENOENT else {
            throw BusError(.bindFailed, "cannot remove the stale socket \(path)", systemErrorNumber: errno)
        }
    }

    /// Whether connect(2) finds a listener.
    private func isAnswered() -> Bool {
        #if canImport(Glibc)
            let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        #else
            let descriptor = socket(AF_UNIX, SOCK_STREAM, 0)
        #endif
        guard descriptor >= 0 else { return true }
        defer { close(descriptor) }
        // A full backlog answers EAGAIN at once instead of waiting: somebody is there.
        _ = cplatform_set_nonblocking(descriptor, 1)
        guard let address = try? SocketAddress(unixDomainSocketPath: path) else { return true }
        let result = address.withSockAddr { pointer, size in connect(descriptor, pointer, socklen_t(size)) }
        return result == 0 || (errno != ECONNREFUSED && errno != ENOENT)
    }
}

/// The identity of this process.
enum CurrentProcess {
    /// getpid(2).
    static var id: UInt32 { UInt32(getpid()) }
    /// geteuid(2).
    static var userID: Int64 { Int64(geteuid()) }
}

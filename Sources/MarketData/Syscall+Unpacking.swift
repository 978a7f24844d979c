import CPlatform

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// What `ByteSource` and the zone database need.
extension Syscall {
    /// getenv(3).
    static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    /// A small file's bytes; `nil` when it cannot be read or is longer.
    static func contents(of path: String, byteCountMax: Int) -> [UInt8]? {
        guard let descriptor = try? openForReading(path) else { return nil }
        defer { close(descriptor) }
        guard let status = try? status(of: descriptor, path: path), status.isRegularFile,
            status.byteCount <= byteCountMax
        else { return nil }
        var bytes = [UInt8](repeating: 0, count: status.byteCount)
        let isRead: Void? = bytes.withUnsafeMutableBytes {
            try? read(into: $0, from: descriptor, at: 0, path: path)
        }
        return isRead == nil ? nil : bytes
    }

    /// pread(2) of the first bytes, fewer when the file is shorter.
    static func beginning(
        of descriptor: Int32, byteCount: Int, path: String
    ) throws(MarketDataError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: byteCount)
        let count = bytes.withUnsafeMutableBytes {
            cplatform_read_at(descriptor, $0.baseAddress, $0.count, 0)
        }
        guard count >= 0 else { throw MarketDataError(.system, "cannot read \(path)", errorNumber: errno) }
        return Array(bytes.prefix(Int(count)))
    }

    /// read(2), EINTR retried; 0 at the end.
    static func read(
        into buffer: UnsafeMutableRawBufferPointer, from descriptor: Int32, path: String
    ) throws(MarketDataError) -> Int {
        while true {
            #if canImport(Darwin)
                let count = Darwin.read(descriptor, buffer.baseAddress, buffer.count)
            #elseif canImport(Musl)
                let count = Musl.read(descriptor, buffer.baseAddress, buffer.count)
            #else
                let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            #endif
            if count >= 0 { return count }
            if errno != EINTR { throw MarketDataError(.system, "cannot read \(path)", errorNumber: errno) }
        }
    }

    /// posix_spawnp(3) of `name -dc` with the file as its input; its output and messages are pipes.
    static func startUnpacker(
        _ name: String, input: Int32, path: String
    ) throws(MarketDataError) -> (pid: pid_t, output: Int32, messages: Int32, name: String) {
        let output = try makePipe(for: path)
        let messages: (read: Int32, write: Int32)
        do throws(MarketDataError) {
            messages = try makePipe(for: path)
        } catch {
            close(output.read)
            close(output.write)
            throw error
        }
        defer {
            close(output.write)
            close(messages.write)
        }
        #if canImport(Darwin)
            var actions: posix_spawn_file_actions_t?
        #else
            var actions = posix_spawn_file_actions_t()
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, 0)
        posix_spawn_file_actions_adddup2(&actions, output.write, 1)
        posix_spawn_file_actions_adddup2(&actions, messages.write, 2)
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup(name), strdup("-dc"), nil]
        defer { for argument in arguments { free(argument) } }
        var pid: pid_t = 0
        let result = posix_spawnp(&pid, name, &actions, nil, &arguments, environ)
        guard result == 0 else {
            close(output.read)
            close(messages.read)
            if result == ENOENT {
                throw MarketDataError(
                    .system,
                    "\(path) is compressed with \(name), and there is no program '\(name)' to unpack it; install it"
                        + " (Debian: apt-get install \(name))", errorNumber: result)
            }
            throw MarketDataError(.system, "cannot start \(name) to unpack \(path)", errorNumber: result)
        }
        return (pid, output.read, messages.read, name)
    }

    private static func makePipe(for path: String) throws(MarketDataError) -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw MarketDataError(.system, "cannot make a pipe to unpack \(path)", errorNumber: errno)
        }
        for end in ends { _ = cplatform_set_close_on_exec(end, 1) }
        return (ends[0], ends[1])
    }

    /// socketpair(2): our end, which does not block and raises no SIGPIPE, and the one to hand on.
    static func makeSocketPair(for path: String) throws(MarketDataError) -> (ours: Int32, theirs: Int32) {
        var ends: [Int32] = [-1, -1]
        #if canImport(Glibc)
            let stream = Int32(SOCK_STREAM.rawValue)
        #else
            let stream = SOCK_STREAM
        #endif
        guard socketpair(AF_UNIX, stream, 0, &ends) == 0 else {
            throw MarketDataError(.system, "cannot make a socket to unpack \(path)", errorNumber: errno)
        }
        for end in ends { _ = cplatform_set_close_on_exec(end, 1) }
        _ = cplatform_set_nonblocking(ends[0], 1)
        #if canImport(Darwin)
            var isOn: Int32 = 1
            setsockopt(ends[0], SOL_SOCKET, SO_NOSIGPIPE, &isOn, socklen_t(MemoryLayout<Int32>.size))
        #endif
        return (ends[0], ends[1])
    }

    /// What a program said, on one line, at most some hundred bytes.
    static func text(from descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 300)
        let count =
            (try? bytes.withUnsafeMutableBytes { try read(into: $0, from: descriptor, path: "a pipe") }) ?? 0
        let text = String(decoding: bytes.prefix(count), as: UTF8.self)
        return text.split { $0 == "\n" || $0 == "\r" }.joined(separator: "; ")
    }

    /// waitpid(2): the exit code, or 128 and the signal.
    static func wait(for pid: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 { if errno != EINTR { return 0 } }
        return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + (status & 0x7F)
    }
}

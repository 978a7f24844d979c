#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The sockets of a feed: non-blocking, close-on-exec; the calls are retried on EINTR.
enum FeedSocket {
    /// What a read gave.
    enum ReadResult {
        case bytes(Int)
        case wouldBlock
        /// The peer has closed, or the connection broke (with errno).
        case ended(Int32)
    }

    /// socket(2), bind(2), listen(2). A Unix socket gets mode 0600; one that nobody listens on any more is replaced.
    ///
    /// - Throws: `portInUse` when somebody listens there, `system` otherwise.
    static func listen(at address: SocketAddress) throws(MarketDataError) -> Int32 {
        switch address.kind {
        case .unix(let path): try listenUnix(path)
        case .tcp:
            try withAddresses(of: address) { family, pointer, length throws(MarketDataError) in
                let descriptor = try make(family, address)
                var yes: Int32 = 1
                setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
                return try bindAndListen(descriptor, pointer, length, address.description)
            }
        }
    }

    /// socket(2) and connect(2), waiting at most `milliseconds`.
    static func connect(to address: SocketAddress, milliseconds: Int32) throws(MarketDataError) -> Int32 {
        switch address.kind {
        case .unix(let path):
            let descriptor = try make(AF_UNIX, address)
            return try withUnixAddress(path) { pointer, length throws(MarketDataError) in
                try finishConnect(descriptor, pointer, length, address, milliseconds)
            }
        case .tcp:
            return try withAddresses(of: address) { family, pointer, length throws(MarketDataError) in
                try finishConnect(try make(family, address), pointer, length, address, milliseconds)
            }
        }
    }

    /// accept(2); `nil` when nobody waits or the connection is gone again.
    static func accept(_ listener: Int32) -> Int32? {
        #if canImport(Darwin)
            let descriptor = Darwin.accept(listener, nil, nil)
        #elseif canImport(Musl)
            let descriptor = Musl.accept(listener, nil, nil)
        #else
            let descriptor = Glibc.accept(listener, nil, nil)
        #endif
        guard descriptor >= 0 else { return nil }
        prepare(descriptor)
        return descriptor
    }

    /// read(2).
    static func read(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) -> ReadResult {
        while true {
            #if canImport(Darwin)
                let count = Darwin.read(descriptor, buffer.baseAddress, buffer.count)
            #elseif canImport(Musl)
                let count = Musl.read(descriptor, buffer.baseAddress, buffer.count)
            #else
                let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            #endif
            if count > 0 { return .bytes(count) }
            if count == 0 { return .ended(0) }
            if errno == EINTR { continue }
            return errno == EAGAIN || errno == EWOULDBLOCK ? .wouldBlock : .ended(errno)
        }
    }

    /// poll(2) for input; the indices that have some, or have ended.
    static func wait(for descriptors: [Int32], milliseconds: Int32) -> [Int] {
        var polls = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        guard poll(&polls, nfds_t(polls.count), milliseconds) > 0 else { return [] }
        return polls.indices.filter { polls[$0].revents != 0 }
    }

    // MARK: - Making

    private static func make(_ family: Int32, _ address: SocketAddress) throws(MarketDataError) -> Int32 {
        #if canImport(Glibc)
            let type = Int32(SOCK_STREAM.rawValue)
        #else
            let type = SOCK_STREAM
        #endif
        let descriptor = socket(family, type, 0)
        guard descriptor >= 0 else {
            throw MarketDataError(.system, "cannot make a socket for \(address)", errorNumber: errno)
        }
        prepare(descriptor)
        return descriptor
    }

    private static func prepare(_ descriptor: Int32) {
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    }

    private static func listenUnix(_ path: String) throws(MarketDataError) -> Int32 {
        let address = SocketAddress(path)
        var status = stat()
        if lstat(path, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFSOCK else {
                throw MarketDataError(
                    .portInUse, "\(path) exists and is no socket; choose another path or move it away")
            }
            if let address, let live = try? connect(to: address, milliseconds: 200) {
                Syscall.close(live)
                throw MarketDataError(
                    .portInUse, "somebody listens on \(path) already; stop it or choose another path")
            }
            // Left behind by a process that ended without removing it.
            Syscall.remove(path)
        }
        guard let address else { throw MarketDataError(.badOptions, "\(path) is no path of a socket") }
        let descriptor = try make(AF_UNIX, address)
        // The umask decides who may connect from the first moment on; this process makes no other files here.
        let mask = umask(0o177)
        defer { umask(mask) }
        return try withUnixAddress(path) { pointer, length throws(MarketDataError) in
            try bindAndListen(descriptor, pointer, length, path)
        }
    }

    private static func bindAndListen(
        _ descriptor: Int32, _ address: UnsafePointer<sockaddr>, _ length: socklen_t, _ name: String
    ) throws(MarketDataError) -> Int32 {
        guard bind(descriptor, address, length) == 0 else {
            let number = errno
            Syscall.close(descriptor)
            if number == EADDRINUSE {
                throw MarketDataError(
                    .portInUse, "somebody listens on \(name) already; stop it or choose another address")
            }
            throw MarketDataError(.system, "cannot listen on \(name)", errorNumber: number)
        }
        #if canImport(Darwin)
            let result = Darwin.listen(descriptor, 64)
        #elseif canImport(Musl)
            let result = Musl.listen(descriptor, 64)
        #else
            let result = Glibc.listen(descriptor, 64)
        #endif
        guard result == 0 else {
            let number = errno
            Syscall.close(descriptor)
            throw MarketDataError(.system, "cannot listen on \(name)", errorNumber: number)
        }
        return descriptor
    }

    private static func finishConnect(
        _ descriptor: Int32, _ address: UnsafePointer<sockaddr>, _ length: socklen_t, _ name: SocketAddress,
        _ milliseconds: Int32
    ) throws(MarketDataError) -> Int32 {
        #if canImport(Darwin)
            var number = Darwin.connect(descriptor, address, length) == 0 ? 0 : errno
        #elseif canImport(Musl)
            var number = Musl.connect(descriptor, address, length) == 0 ? 0 : errno
        #else
            var number = Glibc.connect(descriptor, address, length) == 0 ? 0 : errno
        #endif
        if number == EINPROGRESS || number == EAGAIN {
            var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            number = poll(&waiting, 1, milliseconds) > 0 ? 0 : ETIMEDOUT
            var size = socklen_t(MemoryLayout<Int32>.size)
            if number == 0 { getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &number, &size) }
        }
        guard number == 0 else {
            Syscall.close(descriptor)
            throw MarketDataError(.system, "cannot connect to \(name)", errorNumber: number)
        }
        return descriptor
    }

    // MARK: - Addresses

    private static func withUnixAddress<Result>(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) throws(MarketDataError) -> Result
    ) throws(MarketDataError) -> Result {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        let pointer = UnsafeMutablePointer<sockaddr_un>.allocate(capacity: 1)
        defer { pointer.deallocate() }
        pointer.initialize(to: address)
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        return try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            address throws(MarketDataError) in
            try body(address, length)
        }
    }

    /// getaddrinfo(3); tries each address of a name until one works.
    private static func withAddresses(
        of address: SocketAddress,
        _ body: (Int32, UnsafePointer<sockaddr>, socklen_t) throws(MarketDataError) -> Int32
    ) throws(MarketDataError) -> Int32 {
        guard case .tcp(let host, let port) = address.kind else {
            throw MarketDataError(.badOptions, "\(address) is no address of TCP")
        }
        var hints = addrinfo()
        #if canImport(Glibc)
            hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        #else
            hints.ai_socktype = SOCK_STREAM
        #endif
        var found: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &found)
        guard code == 0 else {
            throw MarketDataError(.system, "cannot find \(host): \(String(cString: gai_strerror(code)))")
        }
        defer { freeaddrinfo(found) }
        var failure = MarketDataError(.system, "\(address) has no address")
        var entry = found
        while let current = entry {
            entry = current.pointee.ai_next
            guard let pointer = current.pointee.ai_addr else { continue }
            do throws(MarketDataError) {
                return try body(current.pointee.ai_family, pointer, current.pointee.ai_addrlen)
            } catch {
                failure = error
            }
        }
        throw failure
    }
}

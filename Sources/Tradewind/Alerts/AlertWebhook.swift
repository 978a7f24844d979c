import CPlatform
import Foundation

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A place that alerts are posted to: HTTP/1.1 without encryption, one connection for one request.
///
/// Nothing is read of the answer but its status, so a client library would bring along much that is not used. TLS is the
/// business of a command such as curl.
struct AlertWebhook {
    /// What a URL names.
    struct Address: Equatable {
        var host: String
        var port: String
        /// Begins with a slash; has the query, and no fragment.
        var path: String
        /// As the URL writes it, with the port that it names.
        var authority: String

        /// Takes a URL apart that begins with `http://`; `nil` when it names no host or a wrong port.
        init?(_ url: String) {
            guard url.lowercased().hasPrefix("http://") else { return nil }
            let rest = url.dropFirst(7).prefix { $0 != "#" }
            let authority = rest.prefix { $0 != "/" && $0 != "?" }
            let tail = rest.dropFirst(authority.count)
            guard !authority.contains("@") else { return nil }
            self.authority = String(authority)
            path = tail.hasPrefix("/") ? String(tail) : "/" + tail
            if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
                host = String(authority[authority.index(after: authority.startIndex)..<end])
                port = String(authority[authority.index(after: end)...].dropFirst())
            } else {
                let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
                guard parts.count <= 2 else { return nil }
                host = String(parts[0])
                port = parts.count == 2 ? String(parts[1]) : ""
            }
            if port.isEmpty { port = "80" }
            guard !host.isEmpty, let number = Int(port), (1...65_535).contains(number) else { return nil }
        }
    }

    var url: String
    /// Sent along, for a server that wants to recognise copies.
    var deliveryID: Int64

    /// Posts a JSON document; any status from 200 to 299 is success. Blocks for at most `limit`, names being looked up
    /// apart.
    func post(document: String, limit: Duration, isAbandoned: () -> Bool) -> AlertOutcome {
        guard let address = Address(url) else {
            return .failed("\(url) must be http://HOST[:PORT]/PATH, without a user name")
        }
        let deadline = ContinuousClock.now + limit
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        #if canImport(Glibc)
            hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        #else
            hints.ai_socktype = SOCK_STREAM
        #endif
        var found: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(address.host, address.port, &hints, &found)
        guard result == 0 else {
            return .failed("\(address.host) is not known: \(String(cString: gai_strerror(result)))")
        }
        defer { freeaddrinfo(found) }
        var failure = "\(address.host) has no address"
        var next = found
        while let entry = next {
            next = entry.pointee.ai_next
            var exchange = Exchange(deadline: deadline, limit: limit)
            do throws(Failure) {
                try exchange.connect(entry.pointee, isAbandoned)
                try exchange.send(request(address, document), isAbandoned)
                let status = try exchange.readStatus(isAbandoned)
                return (200...299).contains(status)
                    ? .delivered(": status \(status)") : .failed("the server answered with status \(status)")
            } catch {
                failure = error.text
                // The others of its addresses are worth a try only when nobody listens at this one.
                guard !error.isFinal else { break }
            }
        }
        return .failed(failure)
    }

    private func request(_ address: Address, _ document: String) -> [UInt8] {
        let head = """
            POST \(address.path) HTTP/1.1\r
            Host: \(address.authority)\r
            User-Agent: tradewind/\(TradewindVersion.text)\r
            Content-Type: application/json\r
            Content-Length: \(document.utf8.count)\r
            Idempotency-Key: tradewind-alert-\(deliveryID)\r
            Connection: close\r
            \r

            """
        return Array(head.utf8) + Array(document.utf8)
    }

    private struct Failure: Error {
        var text: String
        var isFinal = true
    }

    /// One connection, closed with it.
    private struct Exchange: ~Copyable {
        private var descriptor: Int32 = -1
        private let deadline: ContinuousClock.Instant
        private let limit: Duration

        init(deadline: ContinuousClock.Instant, limit: Duration) {
            self.deadline = deadline
            self.limit = limit
        }

        mutating func connect(_ entry: addrinfo, _ isAbandoned: () -> Bool) throws(Failure) {
            descriptor = socket(entry.ai_family, entry.ai_socktype, entry.ai_protocol)
            // Such as an address of IPv6 on a host without it.
            guard descriptor >= 0 else { throw Failure(text: Self.system(errno), isFinal: false) }
            _ = cplatform_set_close_on_exec(descriptor, 1)
            _ = cplatform_set_nonblocking(descriptor, 1)
            #if canImport(Glibc)
                let result = Glibc.connect(descriptor, entry.ai_addr, entry.ai_addrlen)
            #else
                let result = Darwin.connect(descriptor, entry.ai_addr, entry.ai_addrlen)
            #endif
            if result == 0 { return }
            guard errno == EINPROGRESS else { throw Failure(text: Self.system(errno), isFinal: false) }
            try wait(POLLOUT, isAbandoned)
            var number: Int32 = 0
            var length = socklen_t(MemoryLayout<Int32>.size)
            getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &number, &length)
            guard number == 0 else { throw Failure(text: Self.system(number), isFinal: false) }
        }

        func send(_ bytes: [UInt8], _ isAbandoned: () -> Bool) throws(Failure) {
            var rest = bytes[...]
            while !rest.isEmpty {
                // The signal of a closed connection is ignored in every role.
                let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
                if count > 0 {
                    rest = rest.dropFirst(count)
                } else if errno == EAGAIN || errno == EINTR {
                    try wait(POLLOUT, isAbandoned)
                } else {
                    throw Failure(text: Self.system(errno))
                }
            }
        }

        /// Reads the first line of the answer.
        func readStatus(_ isAbandoned: () -> Bool) throws(Failure) -> Int {
            var bytes: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 1_024)
            while !bytes.contains(0x0A), bytes.count < AlertLimits.outputBytesMax {
                let count = read(descriptor, &buffer, buffer.count)
                if count > 0 {
                    bytes += buffer[..<count]
                } else if count < 0, errno == EAGAIN || errno == EINTR {
                    try wait(POLLIN, isAbandoned)
                } else if count < 0 {
                    throw Failure(text: Self.system(errno))
                } else {
                    throw Failure(text: "the server closed the connection without an answer")
                }
            }
            let line = String(decoding: bytes.prefix { $0 != 0x0A }, as: UTF8.self)
            let words = line.split(separator: " ")
            guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1].prefix(3)) else {
                throw Failure(text: "what answers is no HTTP server")
            }
            return status
        }

        private func wait(_ events: Int32, _ isAbandoned: () -> Bool) throws(Failure) {
            while true {
                guard ContinuousClock.now < deadline else {
                    throw Failure(text: "the server did not answer within \(limit.components.seconds) s")
                }
                guard !isAbandoned() else { throw Failure(text: "the alerter was ended meanwhile") }
                var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
                if poll(&entry, 1, 50) > 0 { return }
            }
        }

        private static func system(_ number: Int32) -> String { String(cString: strerror(number)) }

        deinit { if descriptor >= 0 { close(descriptor) } }
    }
}

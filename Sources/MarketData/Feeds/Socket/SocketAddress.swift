#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Where a socket feed listens or connects: `unix:/path`, `/path`, `127.0.0.1:9000`, `tcp:[::1]:9000`, `localhost:9000`.
struct SocketAddress: Equatable, Sendable, CustomStringConvertible {
    enum Kind: Equatable, Sendable {
        case unix(path: String)
        /// `host` is a name or a number.
        case tcp(host: String, port: UInt16)
    }

    let kind: Kind

    /// Understands a text; `nil` when it is no address or a path does not fit a socket's name.
    init?(_ text: String) {
        var rest = Substring(text)
        if rest.hasPrefix("unix:") || rest.hasPrefix("/") {
            if rest.hasPrefix("unix:") { rest = rest.dropFirst(5) }
            let room = MemoryLayout.size(ofValue: sockaddr_un().sun_path)
            guard rest.hasPrefix("/"), rest.utf8.count < room else { return nil }
            kind = .unix(path: String(rest))
            return
        }
        if rest.hasPrefix("tcp:") { rest = rest.dropFirst(4) }
        guard let colon = rest.lastIndex(of: ":"), let port = UInt16(rest[rest.index(after: colon)...]),
            port > 0
        else { return nil }
        var host = rest[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty, !host.contains("["), !host.contains(" ") else { return nil }
        kind = .tcp(host: String(host), port: port)
    }

    /// Whether only processes of this machine can be at the other end.
    var isLocal: Bool {
        switch kind {
        case .unix: true
        case .tcp(let host, _): host == "localhost" || host == "::1" || host.hasPrefix("127.")
        }
    }

    var description: String {
        switch kind {
        case .unix(let path): path
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        }
    }
}

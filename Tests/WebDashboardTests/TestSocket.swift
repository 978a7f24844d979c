import Foundation
import Testing

/// What a server answered.
struct HTTPAnswer {
    var status: Int
    /// Names in lower case.
    var headers: [String: String]
    var body: String

    func object() throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any], "\(body)")
    }
}

/// A connection to a server on this machine, with nothing between the bytes and the test.
final class TestSocket {
    private let descriptor: Int32
    private var buffer: [UInt8] = []

    /// Connects; every later wait has a deadline of 20 s.
    init(port: UInt16) throws {
        #if canImport(Darwin)
            descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #else
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #endif
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var deadline = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &deadline, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &deadline, socklen_t(MemoryLayout<timeval>.size))
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(result == 0, "cannot connect: \(String(cString: strerror(errno)))")
    }

    /// Writes all; a connection that the server has closed meanwhile is no failure.
    func write(_ text: String) throws {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }

    /// Reads more; `false` at the end.
    func readMore() -> Bool {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        guard count > 0 else { return false }
        buffer += chunk.prefix(count)
        return true
    }

    /// Whether the server has closed the connection; reads what comes within a time.
    func isAtEnd(milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, milliseconds) > 0 else { return false }
        return !readMore()
    }

    /// All that came so far.
    var text: String { String(decoding: buffer, as: UTF8.self) }

    /// Reads on until the text of it all holds something; the text.
    func read(until condition: (String) -> Bool) throws -> String {
        let end = ContinuousClock.now + .seconds(20)
        while !condition(text) {
            try #require(ContinuousClock.now < end && readMore(), "the stream ended: \(text.suffix(500))")
        }
        return text
    }

    /// Reads an answer to its end, which its length or the end of the connection tells.
    func readAnswer() throws -> HTTPAnswer {
        while !text.contains("\r\n\r\n") {
            guard readMore() else { break }
        }
        let parts = text.components(separatedBy: "\r\n\r\n")
        let lines = parts[0].components(separatedBy: "\r\n")
        let words = lines[0].split(separator: " ")
        let status = try #require(words.count > 1 ? Int(words[1]) : nil, "no answer: \(text.prefix(200))")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let pair = line.split(separator: ":", maxSplits: 1).map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            if pair.count == 2 { headers[pair[0].lowercased()] = pair[1] }
        }
        let start = parts[0].utf8.count + 4
        let length = headers["content-length"].flatMap { Int($0) }
        while length.map({ buffer.count < start + $0 }) ?? true {
            guard readMore() else { break }
        }
        let body = buffer.dropFirst(start).prefix(length ?? .max)
        return HTTPAnswer(status: status, headers: headers, body: String(decoding: body, as: UTF8.self))
    }

    deinit { close(descriptor) }
}

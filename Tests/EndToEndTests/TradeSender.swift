import Foundation
import Synchronization
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Somebody who sends lines to a socket feed.
final class LinePeer: Sendable {
    private let descriptor: Int32

    /// Connects as soon as somebody listens.
    init(path: String) throws {
        #if os(Linux)
            let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        #else
            let descriptor = socket(AF_UNIX, SOCK_STREAM, 0)
        #endif
        self.descriptor = descriptor
        let isConnected = waitUntil(seconds: 20) {
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
            return withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Foundation.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
                }
            }
        }
        try #require(isConnected, "nobody listens on \(path)")
    }

    deinit { close(descriptor) }

    /// Waits until all is taken; the rest is left out when the other end has gone.
    func send(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}

/// Sends trades of an instrument to a socket feed, whose prices count up from 1, until it is told to stop: a hundred times a
/// second as many as it is told.
final class TradeSender: Sendable {
    private let isStopping = Mutex(false)
    private let sent = Mutex(0)
    private let ended = DispatchSemaphore(value: 0)

    var count: Int { sent.withLock { $0 } }

    init(path: String, symbol: String, perMoment: Int = 50) throws {
        let peer = try LinePeer(path: path)
        Thread { [self] in
            var number = 0
            while !isStopping.withLock({ $0 }) {
                var text = number == 0 ? "ts,symbol,price,qty\n" : ""
                for _ in 0..<perMoment {
                    number += 1
                    text += "1700000000000,\(symbol),\(number),1\n"
                }
                peer.send(text)
                let total = number
                sent.withLock { $0 = total }
                usleep(10_000)
            }
            ended.signal()
        }.start()
    }

    func stop() {
        isStopping.withLock { $0 = true }
        ended.wait()
    }
}

import Foundation
import Synchronization
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Sends trades of an instrument to a socket feed, whose prices count up from 1, until it is told to stop: a hundred times a
/// second as many as it is told.
final class TradeSender: Sendable {
    private let isStopping = Mutex(false)
    private let sent = Mutex(0)
    private let ended = DispatchSemaphore(value: 0)

    var count: Int { sent.withLock { $0 } }

    init(path: String, symbol: String, perMoment: Int = 50) throws {
        let peer = try FeedSender(socket: path)
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

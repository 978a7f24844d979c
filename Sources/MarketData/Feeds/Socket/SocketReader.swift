import Foundation
import Synchronization
import TradingModel

/// The thread of a socket feed: listens or connects, reads, and turns bytes into records.
///
/// It stops reading when its queue is full, so that whoever sends has to wait. A line that is not understood is counted,
/// and a few of them a second are logged with what is wrong. A connection that breaks is made again after 100 ms,
/// doubling to 10 s; of a listening feed others may connect meanwhile, 64 at once.
final class SocketReader: Sendable {
    /// How it does, for the feed's own thread.
    struct Status: Sendable {
        var connectionCount = 0
        /// Whether a Unix socket of ours lies at the address.
        var hasSocketFile = false
        var malformedCount: UInt64 = 0
        var unknownCount: UInt64 = 0
        var problem: String?
        /// Instruments that came up and that the host was not told of.
        var newInstruments: [Instrument] = []
    }

    let queue = FeedQueue()
    private let options: SocketOptions
    private let shared = Mutex(Status())
    private let log = Mutex<@Sendable (String) -> Void>({ _ in })

    init(options: SocketOptions) { self.options = options }

    var status: Status { shared.withLock { $0 } }

    /// Ends the thread, and removes the file that it listens at; the thread itself may be late for that.
    func close() {
        queue.close()
        let hasFile = shared.withLock { status in
            defer { status.hasSocketFile = false }
            return status.hasSocketFile
        }
        if hasFile, case .unix(let path) = options.address.kind { Syscall.remove(path) }
    }

    /// Instruments that came up since the last call.
    func takeNewInstruments() -> [Instrument] {
        shared.withLock { status in
            defer { status.newInstruments = [] }
            return status.newInstruments
        }
    }

    /// Begins; `log` takes lines for the operator.
    func start(log: @escaping @Sendable (String) -> Void) {
        self.log.withLock { $0 = log }
        let thread = Thread { [self] in
            let state = SocketReaderState(options: options, queue: queue) { change in
                self.shared.withLock { change(&$0) }
            } log: { text in
                self.log.withLock { $0 }(text)
            }
            state.run()
        }
        thread.name = "socket-feed"
        thread.start()
    }
}

public import TradingModel

/// Takes market data over a socket: CSV lines, JSON lines, or records as they travel on the bus.
///
/// | option | meaning | default |
/// |---|---|---|
/// | `address` | `unix:/path/of.sock` or `HOST:PORT` | required |
/// | `mode` | `listen` (up to 64 senders) or `connect` (made again when it breaks) | `listen` |
/// | `format` | `csv`, `json` or `frames` | `csv` |
/// | `symbols` | the instruments that may come; records of others are counted and left out. With `any` among them each symbol that comes is one from then on, with the increments below, on the bus and in the database | required |
/// | `symbols_max` | how many there may be with `any`; records of further ones are counted and left out | 1000 |
/// | `preset` | a layout as the import names it: `quotes`, `trades`, `ohlcv` or a vendor's | required for `csv`, or `map` |
/// | `map` | list of `FIELD=COLUMN`, a name or a number from 0, and the import's settings, such as `decimal=comma`, `zone=EST` | by the header's names |
/// | `time_unit`, `header`, `delimiter`, `utc_offset`, `bar_seconds` | as the import has them | recognised |
/// | `category`, `currency`, `price_increment`, `quantity_increment` | of the instruments | `default`, `USD`, any |
/// | `allow_remote` | whether an address that is not of this machine may be used | false |
/// | `heartbeat_ms` | quiet time after which a heartbeat is sent | 1000 |
///
/// The time in a line is the record's event time; its receive time is when the feed took it, and never goes back, whatever
/// the clock does. Each connection says anew what its columns are. What is not understood is counted, and a few such
/// lines a second are logged. `status` records of token 0 say when the first sender has come (`connected`) and the last
/// has gone (`disconnected`). It reads only as fast as its records are taken.
public struct SocketFeed: MarketDataFeed {
    public static let name = "socket"
    public static let summary = "Takes CSV lines, JSON lines or records over a Unix or TCP socket, live."
    public let isLive = true

    private let options: SocketOptions
    private let reader: SocketReader
    private let closer: Closer
    private var chunk: FeedChunk?
    private var position = 0
    private var sequence: UInt64 = 0
    private var lastTime = Timestamp(nanoseconds: .min)

    /// Ends the reading thread with the feed.
    private final class Closer: Sendable {
        let queue: FeedQueue
        init(_ queue: FeedQueue) { self.queue = queue }
        deinit { queue.close() }
    }

    public static func instruments(for configuration: FeedConfiguration) throws -> [Instrument] {
        try SocketOptions.instruments(configuration)
    }

    public init(configuration: FeedConfiguration) throws {
        options = try SocketOptions(configuration)
        reader = SocketReader(options: options)
        closer = Closer(reader.queue)
    }

    public mutating func attach(_ host: FeedHost) throws {
        reader.queue.onWake(host.wake)
        reader.start(log: host.log)
    }

    public mutating func detach() { reader.close() }

    public var source: FeedSourceState {
        let status = reader.status
        var detail =
            options.mode == .listen
            ? "listens on \(options.address), \(status.connectionCount) connected"
            : "connects to \(options.address)"
        if let problem = status.problem { detail = problem }
        if status.malformedCount > 0 { detail += ", \(status.malformedCount) not understood" }
        if status.unknownCount > 0 { detail += ", \(status.unknownCount) of unknown symbols" }
        return FeedSourceState(
            isConnected: status.connectionCount > 0, detail: detail,
            malformedCount: status.malformedCount + status.unknownCount)
    }

    public mutating func takeNewInstruments() -> [Instrument] {
        options.admission == nil ? [] : reader.takeNewInstruments()
    }

    public mutating func next(into batch: inout MarketEventBatch, now: Timestamp) throws -> FeedStep {
        if sequence == 0 { lastTime = max(lastTime, now) }
        let received = max(now, lastTime)
        while !batch.isFull {
            guard let current = chunk else {
                guard let next = reader.queue.pop() else { return rest(&batch, received) }
                chunk = next
                position = 0
                continue
            }
            let taken = min(batch.remainingCapacity, current.count - position)
            for index in position..<position + taken { append(current[index], received, to: &batch) }
            position += taken
            if position == current.count {
                reader.queue.recycle(current)
                chunk = nil
            }
        }
        return .ready
    }

    @inline(__always)
    private mutating func append(
        _ event: MarketEvent, _ received: Timestamp, to batch: inout MarketEventBatch
    ) {
        sequence += 1
        var numbered = event
        numbered.sequence = sequence
        numbered.receiveTime = received
        if numbered.eventTime == .epoch { numbered.eventTime = received }
        batch.append(numbered)
        lastTime = received
    }

    /// Nothing is there: a heartbeat when one is due.
    private mutating func rest(_ batch: inout MarketEventBatch, _ now: Timestamp) -> FeedStep {
        var due = Timestamp(nanoseconds: lastTime.nanoseconds + options.heartbeatNanoseconds)
        if due <= now {
            append(.status(.heartbeat, time: now, sequence: 0), now, to: &batch)
            due = Timestamp(nanoseconds: now.nanoseconds + options.heartbeatNanoseconds)
        }
        return .wait(until: due)
    }
}

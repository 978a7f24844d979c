import TradingModel

/// One connection of a socket feed: its bytes, and how they are read. Confined to the reading thread.
final class SocketConnection {
    let descriptor: Int32
    /// Tokens of symbols that were looked at, when any may come.
    var admitted: Set<UInt32> = []
    private var splitter = LineSplitter()
    private var decoder: (any FeedLineDecoder)?
    private var frames = RecordsFrameReader()
    private let lineRecords = FeedChunk(capacity: 4)
    private let frameBuffer: UnsafeMutableRawBufferPointer

    init(descriptor: Int32, options: SocketOptions) {
        self.descriptor = descriptor
        decoder = options.makeDecoder()
        frameBuffer = .allocate(byteCount: decoder == nil ? Limits.socketReadBytes : 0, alignment: 64)
    }

    deinit { frameBuffer.deallocate() }

    /// Reads what there is, `Limits.socketReadBytes` at most; `false` when the connection has ended.
    func read(_ record: (MarketEvent) -> Void, bad: (String, [UInt8]) -> Void) -> Bool {
        guard decoder != nil else { return readFrames(record, bad) }
        switch FeedSocket.read(descriptor, into: splitter.room) {
        case .wouldBlock: return true
        case .ended: return false
        case .bytes(let count):
            splitter.take(count) { line, isTooLong in
                if isTooLong {
                    bad(
                        "a line of over \(Limits.csvLineBytesMax) bytes",
                        Array(line.prefix(Limits.malformedLineBytesLogged)))
                } else {
                    decode(line, record, bad)
                }
            }
            return true
        }
    }

    /// The symbol of a record of the line at hand.
    func symbol(of token: InstrumentToken) -> String? { decoder?.symbol(of: token) }

    /// What is left at the end of the connection, as a reason; `nil` when it ended between two lines.
    func finish() -> String? {
        guard decoder != nil else { return frames.hasRest ? "the connection ended within a frame" : nil }
        var rest: String?
        splitter.finish { rest = "the connection ended within a line: " + LineReports.readable(Array($0)) }
        return rest
    }

    private func decode(
        _ line: UnsafeBufferPointer<UInt8>, _ record: (MarketEvent) -> Void, _ bad: (String, [UInt8]) -> Void
    ) {
        lineRecords.removeAll()
        do throws(FeedLineProblem) {
            try decoder?.decode(line, into: lineRecords)
        } catch {
            return bad(error.reason, Array(line.prefix(Limits.malformedLineBytesLogged + 1)))
        }
        for index in 0..<lineRecords.count { record(lineRecords[index]) }
    }

    private func readFrames(_ record: (MarketEvent) -> Void, _ bad: (String, [UInt8]) -> Void) -> Bool {
        switch FeedSocket.read(descriptor, into: frameBuffer) {
        case .wouldBlock: return true
        case .ended: return false
        case .bytes(let count):
            let bytes = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(frameBuffer)[..<count])
            return frames.take(bytes, record: record) { bad($0, []) }
        }
    }
}

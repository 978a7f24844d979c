public import TradingModel

/// Replays tick files.
///
/// | option | meaning | default |
/// |---|---|---|
/// | `path` or `paths` | the tick files; several are merged by receive time, ties by their order | required |
/// | `speed` | `"max"`, or a number of which 1 is real time | `"max"` |
/// | `start` | ISO-8601 time; earlier records are left out | the first record |
/// | `loop` | begins again at the end, with times moved on so that they never go back | false |
/// | `lossless` | read by the host: the feed waits for slow subscribers | false |
///
/// One file that does not loop is sent exactly as recorded. Several files, and further passes of a loop, are
/// numbered on, so that a subscriber still detects loss by sequence. Recorded ends of data are left out; the
/// feed sends its own.
public struct FileFeed: MarketDataFeed {
    public static let name = "file"
    public static let summary =
        "Replays recorded tick files as fast as possible, in real time or N times as fast."
    public let isLive = false

    private let reader: MergedTickReader
    private let start: Timestamp?
    private let isLooping: Bool
    private let isRenumbering: Bool
    private var pacing: FeedPacing
    private var run = UnsafeBufferPointer<MarketEvent>(start: nil, count: 0)
    private var position = 0
    private var pass = Pass()
    private var lastTime = Timestamp.epoch
    private var lastSequence: UInt64 = 0
    private var hasEnded = false

    /// What one pass through the files has seen, and how far its times are moved.
    private struct Pass {
        var shiftNanoseconds: Int64 = 0
        var firstTime = Timestamp.epoch
        var recordCount: Int64 = 0
    }

    public static func instruments(for configuration: FeedConfiguration) throws -> [Instrument] {
        try MergedTickReader(paths: paths(of: configuration)).instruments
    }

    public init(configuration: FeedConfiguration) throws {
        try configuration.requireOnly(["path", "paths", "speed", "start", "loop", "lossless"])
        let paths = try Self.paths(of: configuration)
        start = try configuration.time("start")
        isLooping = try configuration.flag("loop")
        _ = try configuration.flag("lossless")
        pacing = FeedPacing(speed: try configuration.speed("speed") ?? .unlimited)
        reader = try MergedTickReader(paths: paths, start: start)
        isRenumbering = paths.count > 1
        guard let start, let last = try Self.lastTime(of: paths), last < start else { return }
        throw configuration.error(
            "start",
            "\(start.iso8601(fractionDigits: 9)) is behind the last record, of \(last.iso8601(fractionDigits: 9))"
        )
    }

    /// The receive time of the last record; `nil` when there is none.
    private static func lastTime(of paths: [String]) throws(MarketDataError) -> Timestamp? {
        var last: Timestamp?
        for path in paths {
            guard let range = try TickFileReader(path: path).timeRange() else { continue }
            last = max(last ?? range.upperBound, range.upperBound)
        }
        return last
    }

    public mutating func next(into batch: inout MarketEventBatch, now: Timestamp) throws -> FeedStep {
        while !hasEnded {
            guard position < run.count else {
                if batch.isFull { return .ready }
                if try !refill() { end(into: &batch) }
                continue
            }
            let recorded = run[position]
            if recorded.kind == .status, recorded.feedStatus == .ended, recorded.token == .feedWide {
                position += 1
                continue
            }
            if batch.isFull { return .ready }
            let event = try shifted(recorded)
            let due = pacing.dueTime(of: event.receiveTime, now: now)
            guard due <= now else { return .wait(until: due) }
            batch.append(event)
            didSend(event)
        }
        return .ended
    }

    /// The record as it is sent: moved by the passes before, and numbered on where it must be.
    private func shifted(_ recorded: MarketEvent) throws(MarketDataError) -> MarketEvent {
        var event = recorded
        if isRenumbering || pass.shiftNanoseconds > 0 { event.sequence = lastSequence + 1 }
        guard pass.shiftNanoseconds > 0 else { return event }
        let (received, overflow) = recorded.receiveTime.nanoseconds.addingReportingOverflow(
            pass.shiftNanoseconds)
        let (happened, carry) = recorded.eventTime.nanoseconds.addingReportingOverflow(pass.shiftNanoseconds)
        guard !overflow, !carry else {
            throw MarketDataError(
                .limitExceeded, "the looped files' times have passed the year 2262; start them anew")
        }
        event.receiveTime = Timestamp(nanoseconds: received)
        event.eventTime = Timestamp(nanoseconds: happened)
        return event
    }

    private mutating func didSend(_ event: MarketEvent) {
        if pass.recordCount == 0 { pass.firstTime = event.receiveTime }
        pass.recordCount += 1
        lastTime = event.receiveTime
        lastSequence = event.sequence
        position += 1
    }

    /// Gets the next run of records, from the front again when looping; `false` when there is none.
    private mutating func refill() throws -> Bool {
        position = 0
        if let next = try reader.nextRun() {
            run = next
            return true
        }
        run = UnsafeBufferPointer(start: nil, count: 0)
        guard isLooping, pass.recordCount > 0 else { return false }
        // The passes are set apart by the mean distance of their records.
        let span = lastTime.nanoseconds - pass.firstTime.nanoseconds
        let gap = max(span / max(pass.recordCount - 1, 1), 1)
        let (shift, overflow) = pass.shiftNanoseconds.addingReportingOverflow(span + gap)
        guard !overflow else {
            throw MarketDataError(
                .limitExceeded, "the looped files' times have passed the year 2262; start them anew")
        }
        pass = Pass(shiftNanoseconds: shift)
        try reader.rewind(to: start)
        return true
    }

    private mutating func end(into batch: inout MarketEventBatch) {
        batch.append(.status(.ended, time: lastTime, sequence: lastSequence + 1))
        hasEnded = true
    }

    private static func paths(of configuration: FeedConfiguration) throws(MarketDataError) -> [String] {
        let path = try configuration.text("path")
        let paths = try configuration.list("paths") ?? []
        if let path, paths.isEmpty { return [path] }
        guard path == nil, !paths.isEmpty else {
            throw configuration.error(
                path == nil ? "path" : "paths", "is needed: give path or paths, not both")
        }
        return paths
    }
}

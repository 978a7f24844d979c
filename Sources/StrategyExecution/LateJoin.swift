import MarketData
import TradingModel

/// How far back a strategy looks before it trades: `warm_up` in config_json.
package enum WarmUpSpan: Equatable, Sendable {
    /// From the UTC day's beginning.
    case today
    case last(Duration)

    /// Understands `today`, or a number with s, m, h or d; `nil` for anything else.
    package init?(_ text: String) {
        if text == "today" {
            self = .today
            return
        }
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        guard let unit = text.last.flatMap({ units[$0] }), let number = Int64(text.dropLast()), number > 0,
            number <= 31_622_400 / unit
        else { return nil }
        self = .last(.seconds(number * unit))
    }

    /// The moment from which on records are replayed.
    func beginning(at now: Timestamp) -> Timestamp {
        switch self {
        case .today: RecordingPath.start(of: RecordingPath.day(of: now))
        case .last(let duration): now - duration
        }
    }
}

/// Brings a strategy that starts in the middle of the day to the live edge without a gap and without a duplicate.
///
/// The subscription stands before anything is read. Of each recorded feed the first live record that has a sequence is
/// the splice: what comes from there on is kept, what came before it is in the recording, or will be in a moment. Once
/// the file has reached the splice, the recording is replayed up to it and what was kept follows. Feeds are merged by
/// receive time. Confined to the executor's event loop.
///
/// | at the bound | what happens |
/// |---|---|
/// | a feed does not speak within 3 s | all that is written of it is replayed, and later records not later than that are dropped |
/// | the file does not reach the splice within 10 s | it is replayed as far as it goes; `missedCount` says what is missing |
/// | 1,000,000 records are kept, or the bus drops some because the replay takes long | they are let go, and a later splice is waited for: the recording has them all |
final class LateJoin {
    private enum Phase { case listening, waitingForFiles, replaying, following, done }

    private struct Feed {
        var number: UInt16
        var name: String
        var cursor: RecordingCursor
        var splice: RecordingPlace?
        var last: RecordingPlace?
        var lastSequence: UInt64 = 0
    }

    private var feeds: [Feed]
    private var phase = Phase.listening
    private var kept: [MarketEvent] = []
    /// Feeds that have no splice although all is done.
    private var openCount = 0
    private var keptRead = 0
    private var deadline: ContinuousClock.Instant
    /// Records replayed from files, and records that waited meanwhile.
    private(set) var replayedCount = 0, keptCount = 0
    /// Records between the end of a file and the splice that nobody has.
    private(set) var missedCount: UInt64 = 0

    private static let keptMax = 1_000_000
    private static let recordsPerStep = 200_000
    private static let silence: Duration = .seconds(3)
    private static let patience: Duration = .seconds(10)

    init(
        directory: String, feeds: [(number: UInt16, name: String)], tokens: [InstrumentToken],
        since: Timestamp, now: ContinuousClock.Instant
    ) {
        let wanted = Set(tokens.map(\.rawValue))
        self.feeds = feeds.map { feed in
            Feed(
                number: feed.number, name: feed.name,
                cursor: RecordingCursor(
                    directory: directory, feed: feed.name, since: since, tokens: wanted))
        }
        deadline = now + Self.silence
    }

    /// Whether live records go straight to the strategy.
    var isDone: Bool { phase == .done }

    /// Takes live records that come while it is under way.
    func take(_ records: UnsafeBufferPointer<MarketEvent>, feed number: UInt16) {
        guard let index = feeds.firstIndex(where: { $0.number == number }) else {
            // A feed that is not recorded has nothing to be spliced to.
            kept.append(contentsOf: records)
            return
        }
        for event in records {
            if feeds[index].splice == nil {
                guard event.sequence > 0 else { continue }
                if let last = feeds[index].last, RecordingPlace(event) <= last { continue }
                feeds[index].splice = RecordingPlace(event)
            }
            kept.append(event)
        }
        if kept.count > Self.keptMax { _ = beginAgain() }
    }

    /// Lets go of what was kept and waits for a later splice, since the recording has everything; `false` when the replay is
    /// over, and what is missing is missing.
    func beginAgain() -> Bool {
        guard phase != .following, phase != .done else { return false }
        kept = []
        for index in feeds.indices { feeds[index].splice = nil }
        phase = .listening
        deadline = ContinuousClock.now + Self.silence
        return true
    }

    /// The part of live records that the strategy has not had yet; for records that come when it is done.
    ///
    /// Of a feed that did not speak until the end of the replay, the file may have been ahead of the connection.
    func rest(
        of records: UnsafeBufferPointer<MarketEvent>, feed number: UInt16
    ) -> UnsafeBufferPointer<MarketEvent> {
        guard openCount > 0, let index = feeds.firstIndex(where: { $0.number == number }),
            feeds[index].splice == nil
        else { return records }
        guard let last = feeds[index].last else { return records }
        guard let first = records.firstIndex(where: { $0.sequence > 0 && RecordingPlace($0) > last }) else {
            return UnsafeBufferPointer(rebasing: records[..<0])
        }
        feeds[index].splice = RecordingPlace(records[first])
        openCount -= 1
        return UnsafeBufferPointer(rebasing: records[first...])
    }

    /// Goes on as far as it can; `false` when there is nothing to do for the moment.
    func step(now: ContinuousClock.Instant, process: (UnsafeBufferPointer<MarketEvent>) -> Void) -> Bool {
        switch phase {
        case .listening:
            guard feeds.allSatisfy({ $0.splice != nil }) || now >= deadline else { return false }
            phase = .waitingForFiles
            deadline = now + Self.patience
            return true
        case .waitingForFiles:
            let isThere = feeds.allSatisfy { feed in
                guard let splice = feed.splice else { return true }
                return feed.cursor.lastPlace().map { $0 >= splice } ?? false
            }
            guard isThere || now >= deadline else { return false }
            phase = .replaying
            return true
        case .replaying:
            if replay(process) { return true }
            noteMissed(process)
            phase = .following
            keptCount = kept.count
            return true
        case .following:
            follow(process)
            return phase != .done
        case .done: return false
        }
    }

    /// Replays a part of the files, merged by receive time; `false` when all is replayed.
    private func replay(_ process: (UnsafeBufferPointer<MarketEvent>) -> Void) -> Bool {
        var batch: [MarketEvent] = []
        batch.reserveCapacity(1_024)
        var count = 0
        // Asking again for more of a file that has no more is a system call or two.
        var isExhausted = [Bool](repeating: false, count: feeds.count)
        while count < Self.recordsPerStep {
            var best: (index: Int, event: MarketEvent)?
            for index in feeds.indices where !isExhausted[index] {
                guard let event = feeds[index].cursor.peek(before: feeds[index].splice) else {
                    isExhausted[index] = true
                    continue
                }
                if best == nil || event.receiveTime < best?.event.receiveTime ?? .distantFuture {
                    best = (index, event)
                }
            }
            guard let best else { break }
            feeds[best.index].cursor.advance()
            feeds[best.index].last = RecordingPlace(best.event)
            if best.event.sequence > 0 { feeds[best.index].lastSequence = best.event.sequence }
            batch.append(best.event)
            count += 1
            if batch.count == 1_024 {
                batch.withUnsafeBufferPointer(process)
                batch.removeAll(keepingCapacity: true)
            }
        }
        batch.withUnsafeBufferPointer(process)
        replayedCount += count
        return count == Self.recordsPerStep
    }

    /// A file that never reached its splice leaves a hole. Only a file of all tokens can tell how large it is.
    private func noteMissed(_ process: (UnsafeBufferPointer<MarketEvent>) -> Void) {
        for feed in feeds {
            guard let splice = feed.splice, let last = feed.cursor.lastPlace(), last < splice else {
                continue
            }
            let isSameRun = last.sequence < splice.sequence
            let count = isSameRun ? splice.sequence - last.sequence - 1 : splice.sequence - 1
            guard count > 0 else { continue }
            missedCount += count
            withUnsafePointer(to: MarketEvent.gap(missing: count, at: splice.time)) { gap in
                process(UnsafeBufferPointer(start: gap, count: 1))
            }
        }
    }

    /// Hands on what was kept, a part at a time, because more may come meanwhile.
    private func follow(_ process: (UnsafeBufferPointer<MarketEvent>) -> Void) {
        let end = min(kept.count, keptRead + Self.recordsPerStep)
        kept.withUnsafeBufferPointer { process(UnsafeBufferPointer(rebasing: $0[keptRead..<end])) }
        keptRead = end
        guard keptRead == kept.count else { return }
        kept = []
        phase = .done
        openCount = feeds.count { $0.splice == nil }
    }
}

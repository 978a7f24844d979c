import MarketData
import TradingModel

/// Brings a strategy that starts in the middle of the day to the live edge without a gap and without a duplicate.
///
/// The subscription stands before anything is read. Of each recorded feed the first live record that has a sequence is
/// the splice: what comes from there on is kept, what came before it is in the recording, or will be in a moment. Once
/// the splice itself is found in the recording, that is replayed up to it and what was kept follows. Feeds are merged by
/// receive time. Confined to the executor's event loop.
///
/// | at the bound | what happens |
/// |---|---|
/// | a feed does not speak within 3 s | all that is written of it is replayed; what comes later and was among that is dropped |
/// | the splice is not in the recording within 10 s, or within 1 s although later records are | it is replayed to where the splice would be; `missedCount` and a gap record say what is missing |
/// | 1,000,000 records are kept, or the bus drops some because the replay takes long | they are let go, and a later splice is waited for: the recording has them all |
/// | that happens a tenth time | the strategy is slower than its data: what is let go is missing |
final class LateJoin {
    private enum Phase { case listening, waitingForFiles, replaying, following, done }

    private struct Feed {
        var number: UInt16
        var name: String
        var cursor: RecordingCursor
        var splice: RecordPlace?
        /// Whether the cursor knows where to end.
        var hasEnd = false
        /// Whether nothing is recorded that leads up to the splice.
        var isShort = false
    }

    /// What is waited for at most, and kept at most.
    struct Bounds {
        var keptMax = 1_000_000
        var recordsPerStep = 200_000
        var attemptsMax = 10
        var silence: Duration = .seconds(3)
        var patience: Duration = .seconds(10)
        var overtaken: Duration = .seconds(1)
    }

    private var feeds: [Feed]
    private var phase = Phase.listening
    private var kept: [MarketEvent] = []
    private var keptRead = 0
    /// Feeds that have no splice although all is done.
    private var openCount = 0
    private var attemptCount = 1
    private var phaseBegin: ContinuousClock.Instant
    private let bounds: Bounds
    /// Records that were let go although no recording brings them again.
    private var lostCount: UInt64 = 0
    private var lostTime = Timestamp.epoch
    /// Records replayed from files, and records that waited meanwhile.
    private(set) var replayedCount = 0, keptCount = 0
    /// Records between the end of a file and the splice that nobody has.
    private(set) var missedCount: UInt64 = 0
    /// Feeds with data of the strategy's instruments that are not recorded.
    private(set) var unrecordedFeeds: Set<UInt16> = []
    /// Instruments of which the recordings had something.
    private(set) var replayedTokens: Set<UInt32> = []

    init(
        directory: String, feeds: [(number: UInt16, name: String)], tokens: [InstrumentToken],
        since: Timestamp, now: ContinuousClock.Instant, bounds: Bounds = Bounds()
    ) {
        let wanted = Set(tokens.map(\.rawValue))
        self.bounds = bounds
        self.feeds = feeds.map { feed in
            Feed(
                number: feed.number, name: feed.name,
                cursor: RecordingCursor(
                    directory: directory, feed: feed.name, since: since, tokens: wanted))
        }
        phaseBegin = now
    }

    /// Whether live records go straight to the strategy.
    var isDone: Bool { phase == .done }

    /// Feeds whose recordings did not lead up to the live edge, by name.
    var shortFeeds: [String] { feeds.filter(\.isShort).map(\.name) }

    // MARK: - Live records

    /// Takes live records that come while it is under way.
    func take(
        _ records: UnsafeBufferPointer<MarketEvent>, feed number: UInt16, now: ContinuousClock.Instant
    ) {
        guard let index = feeds.firstIndex(where: { $0.number == number }) else {
            // A feed that is not recorded has nothing to be spliced to.
            if records.contains(where: { $0.token != .feedWide }) { unrecordedFeeds.insert(number) }
            return keep(records[...], now)
        }
        guard feeds[index].splice == nil else { return keep(records[...], now) }
        guard let first = records.firstIndex(where: { isNew($0, feeds[index]) }) else { return }
        feeds[index].splice = RecordPlace(records[first])
        keep(records[first...], now)
    }

    /// Lets go of what was kept and waits for a later splice, since the recording has everything; `false` when the replay is
    /// over, or was begun anew too often, and what is missing is missing.
    func beginAgain(now: ContinuousClock.Instant) -> Bool {
        guard phase != .following, phase != .done, attemptCount < bounds.attemptsMax else { return false }
        attemptCount += 1
        kept = []
        for index in feeds.indices {
            feeds[index].splice = nil
            feeds[index].hasEnd = false
            feeds[index].cursor.removeEnd()
        }
        enter(.listening, now)
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
        guard let first = records.firstIndex(where: { isNew($0, feeds[index]) }) else {
            return UnsafeBufferPointer(rebasing: records[..<0])
        }
        feeds[index].splice = RecordPlace(records[first])
        openCount -= 1
        return UnsafeBufferPointer(rebasing: records[first...])
    }

    /// Whether a record is one that was not replayed: a later one of the same run of its feed, or of a later run.
    private func isNew(_ event: MarketEvent, _ feed: Feed) -> Bool {
        guard event.sequence > 0 else { return false }
        guard let passed = feed.cursor.passed else { return true }
        return event.receiveTime > passed.time || event.sequence > passed.sequence
    }

    private func keep(_ records: Slice<UnsafeBufferPointer<MarketEvent>>, _ now: ContinuousClock.Instant) {
        kept.append(contentsOf: records)
        guard kept.count - keptRead > bounds.keptMax, !beginAgain(now: now) else { return }
        lostCount += UInt64(kept.count - keptRead)
        lostTime = kept.last?.receiveTime ?? lostTime
        kept = []
        keptRead = 0
    }

    // MARK: - Steps

    /// Goes on as far as it can; `false` when there is nothing to do for the moment.
    func step(now: ContinuousClock.Instant, process: (UnsafeBufferPointer<MarketEvent>) -> Void) -> Bool {
        switch phase {
        case .listening:
            let haveSpoken = feeds.allSatisfy { $0.splice != nil }
            guard haveSpoken || now - phaseBegin >= bounds.silence else { return false }
            enter(.waitingForFiles, now)
            return true
        case .waitingForFiles:
            guard findEnds(now) else { return false }
            enter(.replaying, now)
            return true
        case .replaying:
            if replay(process) { return true }
            // Others may have begun to speak meanwhile.
            if feeds.contains(where: { $0.splice != nil && !$0.hasEnd }) {
                enter(.waitingForFiles, now)
                return true
            }
            noteMissed(process)
            keptCount = kept.count
            enter(.following, now)
            return true
        case .following:
            follow(process)
            return phase != .done
        case .done: return false
        }
    }

    private func enter(_ next: Phase, _ now: ContinuousClock.Instant) {
        phase = next
        phaseBegin = now
    }

    /// Tells the cursors where to end; `false` while a recording is to be waited for.
    private func findEnds(_ now: ContinuousClock.Instant) -> Bool {
        var isComplete = true
        for index in feeds.indices where !feeds[index].hasEnd {
            guard let splice = feeds[index].splice else { continue }
            if feeds[index].cursor.end(at: splice) {
                feeds[index].hasEnd = true
                continue
            }
            let isOvertaken = feeds[index].cursor.lastPlace().map { $0 > splice } ?? false
            guard now - phaseBegin >= (isOvertaken ? bounds.overtaken : bounds.patience) else {
                isComplete = false
                continue
            }
            feeds[index].cursor.end(about: splice)
            feeds[index].hasEnd = true
            feeds[index].isShort = true
        }
        return isComplete
    }

    /// Replays a part of the files, merged by receive time; `false` when all is replayed.
    private func replay(_ process: (UnsafeBufferPointer<MarketEvent>) -> Void) -> Bool {
        var batch: [MarketEvent] = []
        batch.reserveCapacity(1_024)
        var count = 0
        // Asking again for more of a file that has no more is a system call or two.
        var isExhausted = [Bool](repeating: false, count: feeds.count)
        while count < bounds.recordsPerStep {
            var best: (index: Int, event: MarketEvent)?
            for index in feeds.indices where !isExhausted[index] {
                guard let event = feeds[index].cursor.peek() else {
                    isExhausted[index] = true
                    continue
                }
                if best == nil || event.receiveTime < best?.event.receiveTime ?? .distantFuture {
                    best = (index, event)
                }
            }
            guard let best else { break }
            feeds[best.index].cursor.advance()
            if best.event.token.rawValue != batch.last?.token.rawValue {
                replayedTokens.insert(best.event.token.rawValue)
            }
            batch.append(best.event)
            count += 1
            if batch.count == 1_024 {
                batch.withUnsafeBufferPointer(process)
                batch.removeAll(keepingCapacity: true)
            }
        }
        batch.withUnsafeBufferPointer(process)
        replayedCount += count
        return count == bounds.recordsPerStep
    }

    /// A recording without its splice leaves a hole, whose size the feed's count tells.
    private func noteMissed(_ process: (UnsafeBufferPointer<MarketEvent>) -> Void) {
        noteLost(process)
        for feed in feeds where feed.isShort {
            guard let splice = feed.splice, let passed = feed.cursor.passed else { continue }
            // Of a feed that began its count anew meanwhile, nobody knows how many of the count before are missing.
            let isSameRun = passed.sequence < splice.sequence
            let count = isSameRun ? splice.sequence - passed.sequence - 1 : splice.sequence - 1
            if count > 0 || !isSameRun { miss(count, at: splice.time, process) }
        }
    }

    /// What was let go in vain is missing before the next that was kept.
    private func noteLost(_ process: (UnsafeBufferPointer<MarketEvent>) -> Void) {
        if lostCount > 0 { miss(lostCount, at: lostTime, process) }
        lostCount = 0
    }

    private func miss(
        _ count: UInt64, at time: Timestamp, _ process: (UnsafeBufferPointer<MarketEvent>) -> Void
    ) {
        missedCount += count
        withUnsafePointer(to: MarketEvent.gap(missing: count, at: time)) { gap in
            process(UnsafeBufferPointer(start: gap, count: 1))
        }
    }

    /// Hands on what was kept, a part at a time, because more may come meanwhile.
    private func follow(_ process: (UnsafeBufferPointer<MarketEvent>) -> Void) {
        if keptRead == 0 { noteLost(process) }
        let end = min(kept.count, keptRead + bounds.recordsPerStep)
        kept.withUnsafeBufferPointer { process(UnsafeBufferPointer(rebasing: $0[keptRead..<end])) }
        keptRead = end
        guard keptRead == kept.count else { return }
        kept = []
        keptRead = 0
        phase = .done
        openCount = feeds.count { $0.splice == nil }
    }
}

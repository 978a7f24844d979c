import MessageBus
import NIOCore
import TradingEngine
import TradingModel

/// A strategy that looks back before it trades.
extension Executor {
    /// Whether the records that it sees are of the past.
    var isCatchingUp: Bool { lateJoin?.isDone == false }

    /// What it says of itself.
    var currentStatus: StrategyStatusPayload.Status { engine.isPaused || isPauseWanted ? .paused : .running }

    /// Begins to look back, when it is to and there is something to look into.
    func beginLateJoin() {
        if let resumePlace { return followUp(from: resumePlace) }
        guard let warmUp else { return }
        let feeds = bootstrap.recorder?.feeds.map { (number: $0.number, name: $0.name) } ?? []
        guard let directory = bootstrap.ticksDirectory, !feeds.isEmpty else {
            return warn(
                "no warm-up, it trades without a past: no feed is recorded (setting record_by_default, "
                    + "'feeds record NAME on')")
        }
        let since = warmUp.beginning(at: clock())
        lateJoin = LateJoin(
            directory: directory, feeds: feeds, tokens: identity.tokens, since: since,
            now: ContinuousClock.now)
        note(.catchingUp)
        engine.isCatchingUp = true
        isPauseWanted = bootstrap.strategy?.isPaused == true
        ExecutorLog.write(
            "warming up from \(since) with recordings of \(feeds.map(\.name).joined(separator: ", "))")
        stepLater(milliseconds: 20)
    }

    func stepSoon() { if !isStepScheduled { stepLater(milliseconds: 0) } }

    func stepLater(milliseconds: Int64) {
        isStepScheduled = true
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.scheduleTask(in: .milliseconds(milliseconds)) { bound.value.stepLateJoin() }
    }

    /// Goes on; what else the loop has to do has its turn after each part.
    private func stepLateJoin() {
        isStepScheduled = false
        guard phase == .running, let lateJoin, !lateJoin.isDone else { return }
        let hasMore = lateJoin.step(now: ContinuousClock.now) { process(unseen($0)) }
        flushJournal()
        failIfJournalFailed()
        guard lateJoin.isDone else { return stepLater(milliseconds: hasMore ? 0 : 20) }
        guard phase == .running else { return }
        endCatchingUp()
        missedRecords += lateJoin.missedCount
        ExecutorLog.write(
            "caught up: \(lateJoin.replayedCount) records of the recording, then \(lateJoin.keptCount) that had come "
                + "meanwhile")
        warnOfHoles(lateJoin)
        setPaused(isPauseWanted)
        isPauseWanted = false
        if trading.flattening != nil {
            note(.flattened)
            engine.flatten()
            settleFlattening()
        }
        publishStatus(currentStatus)
    }

    /// What the strategy does from now on counts.
    func endCatchingUp() {
        guard engine.isCatchingUp else { return }
        note(.caughtUp)
        engine.isCatchingUp = false
    }

    /// Those of them that come after what a carried-on session has had.
    private func unseen(_ records: UnsafeBufferPointer<MarketEvent>) -> UnsafeBufferPointer<MarketEvent> {
        guard let resumePlace else { return records }
        let first = records.firstIndex { RecordPlace($0) > resumePlace } ?? records.endIndex
        return UnsafeBufferPointer(rebasing: records[first...])
    }

    /// Says what of the past the strategy has not seen.
    private func warnOfHoles(_ join: LateJoin) {
        if !join.shortFeeds.isEmpty || join.missedCount > 0 {
            let names = join.shortFeeds.isEmpty ? "" : " of \(join.shortFeeds.joined(separator: ", "))"
            warn(
                "the warm-up has a hole: the recording\(names) did not reach the live records in time, "
                    + (join.missedCount > 0
                        ? "\(join.missedCount) records are missing"
                        : "and nobody knows whether records are missing")
                    + "; is the recorder running ('status')?")
        }
        if !join.unrecordedFeeds.isEmpty {
            warn("no warm-up by feeds that are not recorded ('feeds list' says which)")
        }
        // A session that is carried on needs no more than what came since the crash, if anything did.
        guard resumePlace == nil else { return }
        let bare = zip(identity.symbols, identity.tokens).filter {
            !join.replayedTokens.contains($1.rawValue)
        }.map(\.0)
        if !bare.isEmpty {
            warn("no warm-up of \(bare.joined(separator: ", ")): nothing is recorded of the time looked at")
        }
    }

    /// Into the strategy's log, and for the operator as an event.
    private func warn(_ text: String) {
        ExecutorLog.write(text)
        publishStatus(currentStatus, alarm: text)
    }
}

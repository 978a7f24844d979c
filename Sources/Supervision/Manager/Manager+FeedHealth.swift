import ControlPlane
import MessageBus
import TradingModel

/// How feeds are: what they say themselves, and what is said of one that gives no sign of life.
///
/// A quiet market, a source that is gone and a feed that is dead are three things. The first two the feed tells, with a
/// heartbeat that does not depend on data; the third the manager does.
extension Manager {
    /// Keeps what a feed says of itself.
    func takeHealth(_ payload: FeedStatusPayload, of process: ManagedProcess) {
        guard process.machine.health == .ok else { return }
        setFeedHealth(
            payload.health ?? "", detail: payload.detail ?? "", stale: payload.stale ?? [], of: process)
    }

    /// The manager's own view of a feed has changed: it is late or stalled, answers again, or has ended.
    func noteFeed(_ process: ManagedProcess, health: String) {
        guard let row = process.feed else { return }
        let isReplayed = isReplay(row)
        setFeedHealth(health, detail: health.isEmpty ? "" : process.feedDetail, stale: [], of: process)
        _ = client?.publish(
            .health,
            FeedHealthPayload(
                feed: row.name, health: health.isEmpty ? "dead" : health, time: WallClock.now
            ).encoded())
        if !isReplayed, health != "late", !process.isMourned, stopping == nil {
            process.isMourned = true
            tellReaders(.disconnected, of: process)
        }
    }

    /// Sends a status record in a live feed's name, so that strategies and recordings have it between the feed's own.
    func tellReaders(_ code: FeedStatusCode, of process: ManagedProcess) {
        guard let row = process.feed else { return }
        process.isMourned = code == .disconnected
        let record = MarketEvent.status(code, time: WallClock.now, sequence: 0)
        withUnsafePointer(to: record) { pointer in
            _ = client?.sendUncounted(UnsafeBufferPointer(start: pointer, count: 1), source: row.number)
        }
        client?.flush()
    }

    /// A feed that was stopped or has completed has no health.
    func setFeedStopped(_ process: ManagedProcess) {
        setFeedHealth("", detail: "", stale: [], of: process)
    }

    private func setFeedHealth(
        _ health: String, detail: String, stale: [String], of process: ManagedProcess
    ) {
        guard let row = process.feed else { return }
        let text = stale.isEmpty ? detail : "no data of \(stale.joined(separator: ", ")); " + detail
        guard health != process.feedHealth || text != process.feedDetail else { return }
        if health != process.feedHealth {
            report(process, "health \(health.isEmpty ? "unknown" : health)\(text.isEmpty ? "" : ": " + text)")
        }
        process.feedHealth = health
        process.feedDetail = text
        store?.enqueue("the health of feed \(row.name)", isDroppable: true) {
            try $0.setFeedHealth(row.id, to: health, detail: text)
        }
    }
}

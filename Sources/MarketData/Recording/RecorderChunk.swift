package import TradingModel

/// Records on their way to the recorder's thread: runs of one feed in memory of a fixed size.
///
/// Sendable because it has one owner at a time: whoever fills it, the queue, or the thread.
package final class RecorderChunk: @unchecked Sendable {
    /// Records it holds.
    package private(set) var count = 0
    private var runs: [(feed: UInt16, start: Int, count: Int)] = []
    private let storage: UnsafeMutablePointer<MarketEvent>
    private static let capacity = Limits.recorderChunkBytes / MarketEvent.byteCount

    package init() {
        storage = .allocate(capacity: Self.capacity)
        runs.reserveCapacity(64)
    }

    deinit { storage.deallocate() }

    /// Bytes of its records.
    package var byteCount: Int { count * MarketEvent.byteCount }

    /// Whether a chunk should be handed over before more is put in.
    package var isFull: Bool { count == Self.capacity }

    /// Takes as many of the records as fit; how many.
    package func append(_ records: UnsafeBufferPointer<MarketEvent>, feed: UInt16) -> Int {
        let taken = min(records.count, Self.capacity - count)
        guard taken > 0, let source = records.baseAddress else { return 0 }
        (storage + count).update(from: source, count: taken)
        if let last = runs.last, last.feed == feed {
            runs[runs.count - 1].count += taken
        } else {
            runs.append((feed, count, taken))
        }
        count += taken
        return taken
    }

    /// Calls `body` with the runs in order.
    func forEachRun(_ body: (UnsafeBufferPointer<MarketEvent>, UInt16) -> Void) {
        for run in runs { body(UnsafeBufferPointer(start: storage + run.start, count: run.count), run.feed) }
    }

    package func removeAll() {
        count = 0
        runs.removeAll(keepingCapacity: true)
    }
}

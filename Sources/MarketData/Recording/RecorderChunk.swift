package import TradingModel

/// Records on their way to the recorder's thread: runs of one feed in memory of a fixed size.
///
/// Plain memory throughout: with a hundred instruments by turns every record comes alone, and a class's stored variables
/// are checked for overlapping access at run time. Sendable because it has one owner at a time: whoever fills it, the
/// queue, or the thread.
package final class RecorderChunk: @unchecked Sendable {
    private struct Run {
        var feed: UInt16
        var count: Int32
    }

    private struct Fill {
        var count = 0
        var runCount = 0
    }

    private let fill: UnsafeMutablePointer<Fill>
    private let runs: UnsafeMutablePointer<Run>
    private let storage: UnsafeMutablePointer<MarketEvent>
    private static let capacity = Limits.recorderChunkBytes / MarketEvent.byteCount
    /// At the bound a chunk is full, however much room it has.
    private static let runsMax = 512

    package init() {
        storage = .allocate(capacity: Self.capacity)
        runs = .allocate(capacity: Self.runsMax)
        fill = .allocate(capacity: 1)
        fill.initialize(to: Fill())
    }

    deinit {
        storage.deallocate()
        runs.deallocate()
        fill.deallocate()
    }

    /// Records it holds.
    package var count: Int { fill.pointee.count }

    /// Bytes of its records.
    package var byteCount: Int { count * MarketEvent.byteCount }

    /// Whether a chunk should be handed over before more is put in.
    package var isFull: Bool {
        fill.pointee.count == Self.capacity || fill.pointee.runCount == Self.runsMax
    }

    /// Takes as many of the records as fit; how many.
    package func append(_ records: UnsafeBufferPointer<MarketEvent>, feed: UInt16) -> Int {
        let count = fill.pointee.count
        let taken = min(records.count, Self.capacity - count)
        guard taken > 0, let source = records.baseAddress else { return 0 }
        let runCount = fill.pointee.runCount
        if runCount > 0, runs[runCount - 1].feed == feed {
            runs[runCount - 1].count += Int32(taken)
        } else {
            guard runCount < Self.runsMax else { return 0 }
            runs[runCount] = Run(feed: feed, count: Int32(taken))
            fill.pointee.runCount = runCount + 1
        }
        (storage + count).update(from: source, count: taken)
        fill.pointee.count = count + taken
        return taken
    }

    /// Calls `body` with the runs in order.
    func forEachRun(_ body: (UnsafeBufferPointer<MarketEvent>, UInt16) -> Void) {
        var start = 0
        for index in 0..<fill.pointee.runCount {
            let run = runs[index]
            body(UnsafeBufferPointer(start: storage + start, count: Int(run.count)), run.feed)
            start += Int(run.count)
        }
    }

    package func removeAll() { fill.pointee = Fill() }
}

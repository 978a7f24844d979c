import TradingModel

/// Records on their way from a feed's reading thread to its host: memory of a fixed size that is used over and over.
///
/// Sendable because it has one owner at a time: whoever fills it, the queue, or the host.
final class FeedChunk: @unchecked Sendable {
    private(set) var count = 0
    private let storage: UnsafeMutablePointer<MarketEvent>
    private let capacity: Int

    init(capacity: Int = Limits.batchRecords) {
        self.capacity = capacity
        storage = .allocate(capacity: capacity)
    }

    deinit { storage.deallocate() }

    /// Records that still fit.
    var room: Int { capacity - count }

    subscript(index: Int) -> MarketEvent { storage[index] }

    /// Appends a record; one that does not fit is left out, which no caller lets happen.
    @inline(__always)
    func append(_ event: MarketEvent) {
        guard count < capacity else { return }
        (storage + count).initialize(to: event)
        count += 1
    }

    /// Forgets the records from a position on.
    func truncate(to newCount: Int) { count = min(count, newCount) }

    func removeAll() { count = 0 }
}

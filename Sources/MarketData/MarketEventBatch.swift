public import TradingModel

/// A buffer of records with a fixed capacity, filled by a feed and emptied by its host, over and over.
public struct MarketEventBatch: ~Copyable {
    /// Records it can hold.
    public let capacity: Int
    /// Records it holds.
    public private(set) var count = 0
    private let storage: UnsafeMutablePointer<MarketEvent>

    /// Makes an empty batch; traps unless `capacity` is positive.
    public init(capacity: Int = 1024) {
        precondition(capacity > 0, "a batch holds at least one record")
        self.capacity = capacity
        storage = .allocate(capacity: capacity)
    }

    deinit { storage.deallocate() }

    /// Whether it holds nothing.
    public var isEmpty: Bool { count == 0 }

    /// Whether nothing more fits.
    public var isFull: Bool { count == capacity }

    /// Records that still fit.
    public var remainingCapacity: Int { capacity - count }

    /// The records; valid until the batch is changed or goes away.
    public var events: UnsafeBufferPointer<MarketEvent> { UnsafeBufferPointer(start: storage, count: count) }

    /// The record at a position from 0; traps outside the records held.
    public subscript(index: Int) -> MarketEvent {
        precondition(index >= 0 && index < count, "no record at this position")
        return storage[index]
    }

    /// Appends a record; traps when full.
    public mutating func append(_ event: MarketEvent) {
        precondition(count < capacity, "the batch is full")
        (storage + count).initialize(to: event)
        count += 1
    }

    /// Appends records; traps when they do not fit.
    public mutating func append(contentsOf events: UnsafeBufferPointer<MarketEvent>) {
        precondition(events.count <= remainingCapacity, "the records do not fit the batch")
        guard let source = events.baseAddress else { return }
        (storage + count).initialize(from: source, count: events.count)
        count += events.count
    }

    /// Adds to the sequences of the records from a position on; traps beyond the records held.
    package mutating func renumber(from start: Int, by offset: UInt64) {
        precondition(start >= 0 && start <= count, "no record at this position")
        guard offset > 0 else { return }
        for index in start..<count { storage[index].sequence &+= offset }
    }

    /// Forgets the records; the capacity stays.
    public mutating func removeAll() { count = 0 }
}

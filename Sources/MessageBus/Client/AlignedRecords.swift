internal import TradingModel

/// Hands out received records as typed memory: in place when they lie aligned, else from a copy in reused
/// memory.
///
/// Frames of odd length before them put records at any address. Confined to its client's event loop.
final class AlignedRecords {
    private var scratch = UnsafeMutableBufferPointer<MarketEvent>.allocate(capacity: 64)

    deinit { scratch.deallocate() }

    /// Records at an address; valid until the next call, or as long as the memory at the address.
    func records(at start: UnsafeRawPointer, count: Int) -> UnsafeBufferPointer<MarketEvent> {
        if UInt(bitPattern: start) % UInt(MemoryLayout<MarketEvent>.alignment) == 0 {
            return UnsafeBufferPointer(
                start: start.bindMemory(to: MarketEvent.self, capacity: count), count: count)
        }
        if scratch.count < count {
            scratch.deallocate()
            scratch = .allocate(capacity: count)
        }
        UnsafeMutableRawBufferPointer(scratch).copyMemory(
            from: UnsafeRawBufferPointer(start: start, count: count * MarketEvent.byteCount))
        return UnsafeBufferPointer(start: scratch.baseAddress, count: count)
    }
}

@available(*, unavailable)
extension AlignedRecords: Sendable {}

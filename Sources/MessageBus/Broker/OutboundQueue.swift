internal import NIOCore
internal import TradingModel

/// What waits to be written to one subscriber: whole frames in their order, aggregated into chunks.
///
/// Bytes are counted in three classes: market data (may be dropped, oldest first), lossless market data and
/// control (never dropped; their owner acts at their bounds). The fast path only copies; frames are told
/// apart again when something has to be dropped. No I/O; confined to the broker's event loop.
struct OutboundQueue {
    /// How a piece of the queue is treated at the bound.
    enum DeliveryClass {
        case marketData
        case lossless
        case control
    }

    /// Bytes by delivery class.
    struct ByteCounts: Equatable {
        var marketData = 0
        var lossless = 0
        var control = 0

        var total: Int { marketData + lossless + control }

        mutating func add(_ count: Int, to deliveryClass: DeliveryClass) {
            switch deliveryClass {
            case .marketData: marketData += count
            case .lossless: lossless += count
            case .control: control += count
            }
        }

        mutating func subtract(_ other: ByteCounts) {
            marketData -= other.marketData
            lossless -= other.lossless
            control -= other.control
        }
    }

    struct Chunk {
        var buffer: ByteBuffer
        var bytes = ByteCounts()
    }

    /// Bytes queued.
    private(set) var bytes = ByteCounts()
    /// Records dropped since the start.
    private(set) var droppedRecordCount: UInt64 = 0
    private var chunks = CircularBuffer<Chunk>(initialCapacity: 4)
    private let pool: ChunkPool

    init(pool: ChunkPool) { self.pool = pool }

    var isEmpty: Bool { chunks.isEmpty }

    /// Appends whole frames of one delivery class.
    mutating func append(_ frames: UnsafeRawBufferPointer, as deliveryClass: DeliveryClass) {
        withTail(adding: frames.count, as: deliveryClass) { $0.writeBytes(frames) }
    }

    /// Appends one control frame that the closure writes.
    mutating func appendControl(_ write: (inout ByteBuffer) -> Void) {
        var scratch = pool.take(minimumCapacity: 512)
        write(&scratch)
        scratch.withUnsafeReadableBytes { append($0, as: .control) }
        pool.give(scratch)
    }

    /// Takes the oldest chunk for writing.
    mutating func popFirst() -> ByteBuffer? {
        guard let chunk = chunks.popFirst() else { return nil }
        bytes.subtract(chunk.bytes)
        return chunk.buffer
    }

    /// Takes everything out unsent.
    mutating func removeAll() {
        while let buffer = popFirst() { pool.give(buffer) }
    }

    /// Drops market data, oldest chunks first, until at most `byteCount` of it is left, and puts gap frames
    /// that say what is missing ahead of what follows. Control and lossless frames keep their place.
    mutating func dropMarketData(downTo byteCount: Int) {
        var sieve = QueueSieve(buffer: pool.take(minimumCapacity: 4_096))
        while bytes.marketData > byteCount, let chunk = chunks.popFirst() {
            bytes.subtract(chunk.bytes)
            chunk.buffer.withUnsafeReadableBytes { sieve.sift($0) }
            pool.give(chunk.buffer)
        }
        prepend(sieve.finish())
    }

    /// Reduces all queued market data to the latest quote and status of each token, behind gap frames that
    /// say how many records were left out.
    mutating func conflateMarketData() {
        var sieve = QueueSieve(buffer: pool.take(minimumCapacity: 4_096))
        sieve.keepsLatest = true
        while let chunk = chunks.popFirst() {
            bytes.subtract(chunk.bytes)
            chunk.buffer.withUnsafeReadableBytes { sieve.sift($0) }
            pool.give(chunk.buffer)
        }
        prepend(sieve.finish())
    }

    private mutating func prepend(_ result: QueueSieve.Result) {
        droppedRecordCount += result.droppedRecordCount
        guard result.buffer.readableBytes > 0 else { return }
        chunks.prepend(Chunk(buffer: result.buffer, bytes: result.bytes))
        for (count, deliveryClass) in [
            (result.bytes.marketData, DeliveryClass.marketData), (result.bytes.lossless, .lossless),
            (result.bytes.control, .control),
        ] { bytes.add(count, to: deliveryClass) }
    }

    private mutating func withTail(
        adding count: Int, as deliveryClass: DeliveryClass, _ write: (inout ByteBuffer) -> Void
    ) {
        let isTailFull = chunks.last.map { $0.buffer.readableBytes + count > Limits.chunkBytes } ?? true
        if isTailFull { chunks.append(Chunk(buffer: pool.take(minimumCapacity: count))) }
        let index = chunks.index(before: chunks.endIndex)
        write(&chunks[index].buffer)
        chunks[index].bytes.add(count, to: deliveryClass)
        bytes.add(count, to: deliveryClass)
    }
}

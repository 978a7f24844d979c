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

        mutating func add(_ other: ByteCounts) {
            marketData += other.marketData
            lossless += other.lossless
            control += other.control
        }

        mutating func subtract(_ other: ByteCounts) {
            marketData -= other.marketData
            lossless -= other.lossless
            control -= other.control
        }
    }

    /// A piece of the queue that is written as a whole.
    struct Chunk {
        var buffer: ByteBuffer
        var bytes = ByteCounts()
        /// Whether the memory belongs to a read and is shared with other queues: never appended to, never reused.
        var isShared = false
    }

    /// Bytes queued.
    private(set) var bytes = ByteCounts()
    /// Records dropped since the start.
    private(set) var droppedRecordCount: UInt64 = 0
    private var chunks = CircularBuffer<Chunk>(initialCapacity: 4)
    /// The chunk that is being filled, behind all others. Not in the buffer with them: changing an element there takes a
    /// second reference first, which made every append copy the whole chunk.
    private var tail = Chunk(buffer: ByteBuffer())
    private var hasTail = false
    private let pool: ChunkPool

    init(pool: ChunkPool) { self.pool = pool }

    var isEmpty: Bool { !hasTail && chunks.isEmpty }

    /// Appends whole frames of one delivery class.
    mutating func append(_ frames: UnsafeRawBufferPointer, as deliveryClass: DeliveryClass) {
        withTail(adding: frames.count, as: deliveryClass) { $0.writeBytes(frames) }
    }

    /// Appends whole frames without copying them; they stay in memory that is shared with other queues.
    mutating func appendShared(_ frames: ByteBuffer, as deliveryClass: DeliveryClass) {
        endTail()
        var chunk = Chunk(buffer: frames, isShared: true)
        chunk.bytes.add(frames.readableBytes, to: deliveryClass)
        bytes.add(frames.readableBytes, to: deliveryClass)
        chunks.append(chunk)
    }

    /// Copies pieces of a read, which begins at `base`, behind what is queued.
    mutating func append(_ pieces: PendingPieces, from base: UnsafeRawPointer) {
        let all = pieces.all
        var start = 0
        while start < all.count {
            var end = start
            var byteCount = 0
            while end < all.count, end == start || byteCount + Int(all[end].byteCount) <= Limits.chunkBytes,
                all[end].isLossless == all[start].isLossless
            {
                byteCount += Int(all[end].byteCount)
                end += 1
            }
            let group = UnsafeBufferPointer(rebasing: all[start..<end])
            withTail(adding: byteCount, as: all[start].isLossless ? .lossless : .marketData) { buffer in
                buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: byteCount) { target in
                    // The room for all of the pieces was just asked for.
                    guard var position = target.baseAddress else { return 0 }
                    for piece in group {
                        position.copyMemory(from: base + Int(piece.offset), byteCount: Int(piece.byteCount))
                        position += Int(piece.byteCount)
                    }
                    return byteCount
                }
            }
            start = end
        }
    }

    /// Appends one control frame that the closure writes.
    mutating func appendControl(_ write: (inout ByteBuffer) -> Void) {
        var scratch = pool.take(minimumCapacity: 512)
        write(&scratch)
        scratch.withUnsafeReadableBytes { append($0, as: .control) }
        pool.give(scratch)
    }

    /// Takes the oldest chunk for writing; to be given to `reuse` afterwards.
    mutating func popFirst() -> Chunk? {
        if chunks.isEmpty { endTail() }
        guard let chunk = chunks.popFirst() else { return nil }
        bytes.subtract(chunk.bytes)
        return chunk
    }

    /// Puts a chunk that was just taken back to the front.
    mutating func putBack(_ chunk: Chunk) {
        chunks.prepend(chunk)
        bytes.add(chunk.bytes)
    }

    /// Takes the memory of a chunk back.
    func reuse(_ chunk: Chunk) {
        if !chunk.isShared { pool.give(chunk.buffer) }
    }

    /// Takes everything out unsent.
    mutating func removeAll() {
        while let chunk = popFirst() { reuse(chunk) }
    }

    /// Drops market data, oldest chunks first, until at most `byteCount` of it is left, and puts gap frames
    /// that say what is missing ahead of what follows. Control and lossless frames keep their place.
    mutating func dropMarketData(downTo byteCount: Int) {
        var sieve = QueueSieve(buffer: pool.take(minimumCapacity: 4_096))
        while bytes.marketData > byteCount, let chunk = popFirst() {
            chunk.buffer.withUnsafeReadableBytes { sieve.sift($0) }
            reuse(chunk)
        }
        prepend(sieve.finish())
    }

    /// Reduces all queued market data to the latest quote and status of each token, behind gap frames that
    /// say how many records were left out.
    mutating func conflateMarketData() {
        var sieve = QueueSieve(buffer: pool.take(minimumCapacity: 4_096))
        sieve.keepsLatest = true
        while let chunk = popFirst() {
            chunk.buffer.withUnsafeReadableBytes { sieve.sift($0) }
            reuse(chunk)
        }
        prepend(sieve.finish())
    }

    private mutating func prepend(_ result: QueueSieve.Result) {
        droppedRecordCount += result.droppedRecordCount
        guard result.buffer.readableBytes > 0 else { return }
        chunks.prepend(Chunk(buffer: result.buffer, bytes: result.bytes))
        bytes.add(result.bytes)
    }

    private mutating func withTail(
        adding count: Int, as deliveryClass: DeliveryClass, _ write: (inout ByteBuffer) -> Void
    ) {
        if tail.buffer.readableBytes + count > Limits.chunkBytes || !hasTail { beginTail(byteCount: count) }
        write(&tail.buffer)
        tail.bytes.add(count, to: deliveryClass)
        bytes.add(count, to: deliveryClass)
    }

    /// Puts the tail behind the chunks that are full.
    private mutating func endTail() {
        guard hasTail else { return }
        hasTail = false
        chunks.append(tail)
        tail = Chunk(buffer: ByteBuffer())
    }

    private mutating func beginTail(byteCount: Int) {
        endTail()
        hasTail = true
        tail = Chunk(buffer: pool.take(minimumCapacity: byteCount))
    }
}

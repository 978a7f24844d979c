/// What one read of a publisher holds for one subscriber: pieces of the read's memory, in their order.
///
/// It lives at a fixed address outside the object that owns it, so that noting a piece costs neither reference
/// counting nor an access check. Confined to the broker's event loop; valid until the read ends.
struct PendingPieces {
    /// Whole records frames that lie side by side in the memory of the read.
    struct Piece {
        /// Where the piece begins in the read.
        var offset: UInt32
        var byteCount: UInt32
        var isLossless: Bool
    }

    /// Pieces noted.
    private(set) var count = 0
    /// Bytes of all pieces.
    private(set) var byteCount = 0
    /// Records ever noted.
    private(set) var recordCount: UInt64 = 0
    /// Who gets them; the connection outlives its pieces.
    let connection: Unmanaged<BrokerConnection>
    private var capacity = 0
    private var pieces: UnsafeMutablePointer<Piece>?

    /// Starts without pieces.
    init(for connection: BrokerConnection) { self.connection = .passUnretained(connection) }

    /// Gives the memory back; nothing may be noted afterwards.
    mutating func deallocate() {
        pieces?.deallocate()
        pieces = nil
        capacity = 0
        removeAll()
    }

    /// The pieces; valid until the next change.
    var all: UnsafeBufferPointer<Piece> { UnsafeBufferPointer(start: pieces, count: count) }

    /// Notes a piece; one that continues the last is joined to it.
    @inline(__always)
    mutating func append(offset: Int, byteCount: Int, recordCount: Int, isLossless: Bool) {
        self.byteCount += byteCount
        self.recordCount += UInt64(recordCount)
        if count > 0, let pieces {
            let last = pieces + (count - 1)
            if Int(last.pointee.offset) + Int(last.pointee.byteCount) == offset,
                last.pointee.isLossless == isLossless
            {
                last.pointee.byteCount += UInt32(byteCount)
                return
            }
        }
        if count == capacity { grow() }
        // Offsets within a read are far below 2^32: `Limits.readBytes`.
        pieces?[count] = Piece(
            offset: UInt32(offset), byteCount: UInt32(byteCount), isLossless: isLossless)
        count += 1
    }

    /// Counts records that were queued without a piece.
    mutating func add(recordCount: Int) { self.recordCount += UInt64(recordCount) }

    /// Forgets the pieces.
    mutating func removeAll() {
        count = 0
        byteCount = 0
    }

    @inline(never)
    private mutating func grow() {
        let larger = UnsafeMutablePointer<Piece>.allocate(capacity: max(16, capacity * 2))
        if let pieces {
            larger.update(from: pieces, count: count)
            pieces.deallocate()
        }
        pieces = larger
        capacity = max(16, capacity * 2)
    }
}

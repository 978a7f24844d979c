internal import NIOCore
internal import TradingModel

/// Goes through chunks of an outbound queue and separates what must stay from market data that is given up.
///
/// A struct of the slow path: it runs only when a subscriber is at its bound.
struct QueueSieve {
    /// What is left: gap frames, then the frames that stay, then the latest records.
    struct Result {
        var buffer: ByteBuffer
        var bytes: OutboundQueue.ByteCounts
        var droppedRecordCount: UInt64
    }

    /// Whether the latest quote and status of each token outlive the rest.
    var keepsLatest = false
    private var kept: ByteBuffer
    private var keptBytes = OutboundQueue.ByteCounts()
    private var gaps: [BusGap] = []
    private var announcedCount: UInt64 = 0
    private var latest: [LatestKey: LatestRecord] = [:]
    private var order: UInt64 = 0

    private struct LatestKey: Hashable {
        var token: UInt32
        var source: UInt16
        var kind: UInt8
    }

    private struct LatestRecord {
        var order: UInt64
        var record: MarketEvent
        /// `nil` for a record of a frame that is not counted.
        var ordinal: UInt16?
    }

    init(buffer: ByteBuffer) { kept = buffer }

    /// Takes the frames of one chunk, which came from this broker and are well formed.
    mutating func sift(_ chunk: UnsafeRawBufferPointer) {
        var rest = chunk
        // A chunk is filled with whole checked frames only, so a header that does not parse cannot occur
        // here.
        while rest.count >= FrameHeader.byteCount, let header = try? FrameHeader(parsing: rest) {
            let total = FrameHeader.byteCount + header.payloadByteCount
            let frame = UnsafeRawBufferPointer(rebasing: rest[..<total])
            rest = UnsafeRawBufferPointer(rebasing: rest[total...])
            let payload = UnsafeRawBufferPointer(rebasing: frame[FrameHeader.byteCount...])
            switch header.type {
            case .records where header.flags & FrameHeader.losslessFlag == 0:
                drop(payload, isCounted: header.flags & FrameHeader.countedFlag != 0)
            case .gap:
                if let gap = try? BusGap(parsing: payload) {
                    add(gap)
                    announcedCount += gap.droppedCount
                }
            default:
                kept.writeBytes(frame)
                keptBytes.add(total, to: header.type == .records ? .lossless : .control)
            }
        }
    }

    /// The frames that stay, in order.
    consuming func finish() -> Result {
        // Order of arrival decides, not the dictionary's.
        let survivors = latest.sorted { $0.value.order < $1.value.order }
        for (key, _) in survivors { uncount(key) }
        let announced = gaps.filter { $0.droppedCount > 0 }
        let dropped = announced.reduce(0) { $0 + $1.droppedCount } - announcedCount
        guard !announced.isEmpty || !survivors.isEmpty else {
            return Result(buffer: kept, bytes: keptBytes, droppedRecordCount: dropped)
        }
        var buffer = ByteBufferAllocator().buffer(
            capacity: kept.readableBytes + announced.count * 32 + survivors.count * 80)
        for gap in announced { buffer.writeGap(gap) }
        keptBytes.add(buffer.readableBytes, to: .control)
        buffer.writeImmutableBuffer(kept)
        let start = buffer.readableBytes
        for (key, value) in survivors {
            withUnsafePointer(to: value.record) {
                buffer.writeRecords(
                    UnsafeBufferPointer(start: $0, count: 1), source: key.source, isLossless: false,
                    ordinal: value.ordinal)
            }
        }
        keptBytes.add(buffer.readableBytes - start, to: .marketData)
        return Result(buffer: buffer, bytes: keptBytes, droppedRecordCount: dropped)
    }

    private mutating func drop(_ payload: UnsafeRawBufferPointer, isCounted: Bool) {
        let prefix = RecordsPrefix(unchecked: payload)
        let token = InstrumentToken(prefix.token)
        add(
            BusGap(
                firstToken: token, lastToken: token, droppedCount: UInt64(prefix.recordCount),
                source: prefix.source))
        guard keepsLatest else { return }
        for index in 0..<prefix.recordCount {
            let offset = RecordsPrefix.byteCount + index * MarketEvent.byteCount
            let kind = payload[offset + RecordsPrefix.kindOffset]
            guard kind == MarketEventKind.quote.rawValue || kind == MarketEventKind.status.rawValue else {
                continue
            }
            order += 1
            latest[LatestKey(token: prefix.token, source: prefix.source, kind: kind)] = LatestRecord(
                order: order, record: payload.loadUnaligned(fromByteOffset: offset, as: MarketEvent.self),
                ordinal: isCounted ? prefix.ordinal &+ UInt16(truncatingIfNeeded: index) : nil)
        }
    }

    private mutating func add(_ gap: BusGap) {
        if let index = gaps.firstIndex(where: { $0.source == gap.source }) {
            gaps[index].merge(gap)
        } else if gaps.count < Limits.gapSourcesMax {
            gaps.append(gap)
        } else {
            gaps[Limits.gapSourcesMax - 1].merge(gap)
            gaps[Limits.gapSourcesMax - 1].source = BusGap.severalSources
        }
    }

    /// A record that survives was not dropped after all.
    private mutating func uncount(_ key: LatestKey) {
        let index =
            gaps.firstIndex { $0.source == key.source }
            ?? gaps.firstIndex { $0.source == BusGap.severalSources }
        if let index { gaps[index].droppedCount -= 1 }
    }
}

internal import NIOCore
internal import TradingModel

/// Splits records into frames: runs of one token, at most `Limits.recordsPerFrameSent` each.
enum RecordsWriter {
    /// Appends all records as counted frames; `counts` has how many of each token this source sent before.
    static func write(
        _ records: UnsafeBufferPointer<MarketEvent>, source: UInt16, isLossless: Bool, counts: TokenTable,
        into buffer: inout ByteBuffer
    ) {
        let prefixBytes = FrameHeader.byteCount + RecordsPrefix.byteCount
        let byteCountMax = records.count * MarketEvent.byteCount + frameCount(records) * prefixBytes
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: byteCountMax) { target in
            var offset = 0
            var start = 0
            while start < records.count {
                let end = endOfRun(records, from: start)
                let byteCount = (end - start) * MarketEvent.byteCount
                let header = FrameHeader(
                    type: .records,
                    flags: FrameHeader.countedFlag | (isLossless ? FrameHeader.losslessFlag : 0),
                    payloadByteCount: RecordsPrefix.byteCount + byteCount)
                let token = records[start].token.rawValue
                let count = counts.entry(token: token, source: source)
                let prefix = UInt64(token) | UInt64(source) << 32 | UInt64(count.pointee.next) << 48
                count.pointee.next &+= UInt16(truncatingIfNeeded: end - start)
                target.storeBytes(of: header.encoded.littleEndian, toByteOffset: offset, as: UInt64.self)
                target.storeBytes(of: prefix.littleEndian, toByteOffset: offset + 8, as: UInt64.self)
                UnsafeMutableRawBufferPointer(rebasing: target[(offset + prefixBytes)...]).copyMemory(
                    from: UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: records[start..<end])))
                offset += prefixBytes + byteCount
                start = end
            }
            return offset
        }
    }

    private static func frameCount(_ records: UnsafeBufferPointer<MarketEvent>) -> Int {
        var count = 0
        var start = 0
        while start < records.count {
            start = endOfRun(records, from: start)
            count += 1
        }
        return count
    }

    private static func endOfRun(_ records: UnsafeBufferPointer<MarketEvent>, from start: Int) -> Int {
        let limit = min(records.count, start + Limits.recordsPerFrameSent)
        let token = records[start].token
        var end = start + 1
        while end < limit, records[end].token == token { end += 1 }
        return end
    }
}

import TradingModel

/// What every block of a tick file looks like; unlike a reader it goes on behind damage. Changes nothing.
package struct TickFileVerification: Sendable {
    /// A part of the file that does not match.
    package struct Damage: Equatable, Sendable {
        /// The block's number from 0.
        package let block: Int
        /// Where the block begins in the file.
        package let offset: Int
        /// What is wrong with it.
        package let reason: String
    }

    /// The file's header.
    package let header: TickFileHeader
    /// Blocks in the file, damaged ones included.
    package let blockCount: Int
    /// Records in blocks that match.
    package private(set) var recordCount = 0
    /// Blocks that do not match, in their order.
    package private(set) var damages: [Damage] = []
    /// Bytes at the end that are no whole block, of a file that was not closed.
    package let tornByteCount: Int
    /// Bytes of all blocks that were read.
    package let byteCount: Int

    /// Whether all is as its writer left it, closed and whole.
    package var isIntact: Bool { damages.isEmpty && tornByteCount == 0 && header.isClosed }

    /// Reads a file from end to end; throws when its header cannot be read or its length is wrong.
    package init(path: String) throws(MarketDataError) {
        let reader = try TickFileReader(path: path, tornTail: .leaveOut)
        header = reader.header
        blockCount = reader.blockCount
        tornByteCount = reader.tornByteCount
        byteCount = reader.blockCount * TickFileBlock.byteCount
        var last = Timestamp(nanoseconds: .min)
        for index in 0..<reader.blockCount {
            let offset = header.byteCount + index * TickFileBlock.byteCount
            guard let records = reader.block(at: index) else {
                damages.append(
                    Damage(block: index, offset: offset, reason: "its checksum or its trailer does not match")
                )
                continue
            }
            recordCount += records.count
            for record in records {
                if record.receiveTime < last {
                    damages.append(
                        Damage(
                            block: index, offset: offset,
                            reason:
                                "receive times go back at \(record.receiveTime.iso8601(fractionDigits: 9))"))
                    break
                }
                last = record.receiveTime
            }
            last = max(last, records.last?.receiveTime ?? last)
        }
    }
}

/// What mending a tick file did.
package struct TickFileRepair: Equatable, Sendable {
    /// What was cut.
    package let recovery: TickFileRecovery
    /// Records that the file holds now.
    package let recordCount: Int
    /// Records that its header had promised and that are not there; 0 for a file that was not closed.
    package let lostRecordCount: Int

    /// Cuts an incomplete end off a file whose writer was cut off, or that was copied incompletely, and closes it.
    ///
    /// A file that was closed and has its whole length is left untouched. Damage before the end cannot be mended and
    /// is not looked for here, see `TickFileVerification`; where it shows, `damaged` is thrown.
    package init(path: String) throws(MarketDataError) {
        let promised = (try? TickFileReader(path: path))?.header
        if let promised, promised.isClosed {
            recovery = TickFileRecovery()
            recordCount = promised.recordCount
            lostRecordCount = 0
            return
        }
        let before = try TickFileRepair.header(of: path)
        let writer = try TickFileWriter(appendingTo: path)
        try writer.finish()
        recovery = writer.recovery
        recordCount = writer.recordCount
        lostRecordCount = before.isClosed ? max(0, before.recordCount - writer.recordCount) : 0
    }

    private static func header(of path: String) throws(MarketDataError) -> TickFileHeader {
        let file = try MappedFile(path: path)
        return try TickFileHeader(decoding: file.bytes, path: path)
    }
}

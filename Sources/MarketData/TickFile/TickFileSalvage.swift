package import TradingModel

/// Copies what is whole of a damaged tick file into a new one, with a gap record in place of each damaged part.
///
/// Nothing is mended or guessed at: a block whose checksums, place or order of times is wrong is left out as a whole, and
/// so is what is no whole block at the end. The header must be readable, since it says what the records are of. The
/// damaged file is not touched. Neighbouring blocks are one part. A gap record looks as a recorder writes it: it has the
/// receive time of the record behind it, or at the end that of the last one, the first missing sequence where the records
/// before have sequences, and the number of missing records, 0 where nothing tells it.
package struct TickFileSalvage: Sendable {
    /// A part that was left out.
    package struct Loss: Equatable, Sendable {
        /// The number of its first block, from 0, and of blocks begun in it.
        package let firstBlock: Int
        package fileprivate(set) var blockCount = 0
        /// Where it lies in the damaged file.
        package let offset: Int
        package fileprivate(set) var byteCount = 0
        /// Records that were in it; `nil` when nothing tells.
        package fileprivate(set) var recordCount: Int?
        /// Receive times of the records on both sides; `nil` at an end of the file.
        package let previousTime: Timestamp?
        package fileprivate(set) var nextTime: Timestamp?
    }

    /// What was left out, in the order of the file.
    package let losses: [Loss]
    /// Records copied, and gap records written on top.
    package let recordCount: Int, gapCount: Int

    /// Reads `path` from end to end and writes `output`, which must not exist; nothing is left there when it throws.
    package init(path: String, output: String) throws(MarketDataError) {
        let file = try MappedFile(path: path)
        let header = try TickFileHeader(decoding: file.bytes, path: path, isClosingTrusted: false)
        let closed = try? TickFileHeader(decoding: file.bytes, path: path)
        let promised = closed.flatMap { $0.isClosed ? $0.recordCount : nil }
        let source = String("repaired: \(header.source)".prefix(1000))
        let writer = try TickFileWriter(bulkTo: output, instruments: header.instruments, source: source)
        do throws(MarketDataError) {
            var copy = Copy(writer: writer, promisedCount: promised)
            for offset in stride(from: header.byteCount, to: file.bytes.count, by: TickFileBlock.byteCount) {
                let index = (offset - header.byteCount) / TickFileBlock.byteCount
                let end = min(offset + TickFileBlock.byteCount, file.bytes.count)
                let records = Self.records(
                    at: index, of: file, header: header, isLast: end == file.bytes.count, after: copy.lastTime
                )
                if let records { try copy.append(records) } else { copy.leaveOut(index, offset..<end) }
            }
            try copy.finish(byteCount: file.bytes.count, headerByteCount: header.byteCount)
            guard copy.recordCount > 0 else {
                throw MarketDataError(.damaged, "\(path) has no whole block; take it from a backup")
            }
            try writer.finish()
            (losses, recordCount, gapCount) = (copy.losses, copy.recordCount, copy.gapCount)
        } catch {
            writer.abandon()
            throw error
        }
    }

    /// The records of a block that matches its checksums and goes on in time; `nil` for one that does not.
    private static func records(
        at index: Int, of file: MappedFile, header: TickFileHeader, isLast: Bool, after last: Timestamp
    ) -> UnsafeBufferPointer<MarketEvent>? {
        guard let address = file.bytes.baseAddress,
            let block = TickFileReader.verifiedBlock(
                at: index, of: file.bytes, headerByteCount: header.byteCount),
            isLast || block.recordCount == TickFileBlock.slotCount
        else { return nil }
        let start = address + header.byteCount + index * TickFileBlock.byteCount
        let records = UnsafeBufferPointer(
            start: start.assumingMemoryBound(to: MarketEvent.self), count: block.recordCount)
        var previous = last
        for record in records {
            guard record.receiveTime >= previous else { return nil }
            previous = record.receiveTime
        }
        return records
    }

    /// The new file under way.
    private struct Copy {
        let writer: TickFileWriter
        /// Records that the header of a closed file promises.
        let promisedCount: Int?
        private(set) var losses: [Loss] = []
        private(set) var recordCount = 0, gapCount = 0
        private var pending: Loss?

        init(writer: TickFileWriter, promisedCount: Int?) {
            self.writer = writer
            self.promisedCount = promisedCount
        }

        var lastTime: Timestamp { writer.lastTime }

        mutating func append(_ records: UnsafeBufferPointer<MarketEvent>) throws(MarketDataError) {
            if var loss = pending, let next = records.first {
                // Another block follows, so that all of its blocks were full.
                loss.recordCount = loss.blockCount * TickFileBlock.slotCount
                loss.nextTime = next.receiveTime
                try write(loss, at: next.receiveTime)
            }
            try writer.append(contentsOf: records)
            recordCount += records.count
        }

        mutating func leaveOut(_ index: Int, _ range: Range<Int>) {
            var loss = pending ?? loss(index, range.lowerBound)
            loss.blockCount += 1
            loss.byteCount += range.count
            pending = loss
        }

        /// Tells what is missing at the end, also of a file that was cut off between two blocks.
        mutating func finish(byteCount: Int, headerByteCount: Int) throws(MarketDataError) {
            let blocks = (byteCount - headerByteCount + TickFileBlock.byteCount - 1) / TickFileBlock.byteCount
            let isCut = (promisedCount ?? 0) > blocks * TickFileBlock.slotCount
            guard var loss = pending ?? (isCut ? loss(blocks, byteCount) : nil) else { return }
            loss.recordCount = promisedCount.map { max(0, $0 - loss.firstBlock * TickFileBlock.slotCount) }
            try write(loss, at: lastTime)
        }

        private func loss(_ index: Int, _ offset: Int) -> Loss {
            Loss(firstBlock: index, offset: offset, previousTime: recordCount > 0 ? lastTime : nil)
        }

        private mutating func write(_ loss: Loss, at time: Timestamp) throws(MarketDataError) {
            pending = nil
            losses.append(loss)
            // Bytes behind the last record are no gap, and where there is no record, there is no time to give one.
            guard loss.recordCount != 0, recordCount > 0 || loss.nextTime != nil else { return }
            let first = writer.lastSequence > 0 ? Int64(bitPattern: writer.lastSequence &+ 1) : 0
            gapCount += 1
            try writer.append(
                MarketEvent(
                    kind: .gap, token: .feedWide, eventTime: time, receiveTime: time, sequence: 0,
                    words: (first, Int64(loss.recordCount ?? 0), 0, 0)))
        }
    }
}

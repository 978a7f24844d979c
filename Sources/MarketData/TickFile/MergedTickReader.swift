package import TradingModel

/// Reads one or more tick files as one stream ordered by receive time, ties by the order of the files.
///
/// Every checksum is proven. One file is passed through straight from its mapping; of several, long runs of
/// one file are, and finely woven ones are copied together. Memory is constant. Not thread-safe.
package final class MergedTickReader {
    /// The instruments of all files, in the order met; see `InstrumentCatalog` for how they are joined.
    package let instruments: [Instrument]
    /// Records in all files.
    package let recordCount: Int
    /// Bytes of torn tails that are left out; 0 unless the reader was told to leave them out.
    package let tornByteCount: Int
    private var cursors: [Cursor]
    private var heads: [Head]
    /// Where woven records are copied together.
    private let woven = UnsafeMutablePointer<MarketEvent>.allocate(capacity: Limits.batchRecords)
    /// A run of one file at least this long is passed on without copying.
    private static let directRunMin = 256

    /// Where one file's reading stands.
    private struct Cursor {
        var reader: TickFileReader
        var lastTime = Timestamp(nanoseconds: .min)
    }

    /// What is left of one file's present block; apart from its cursor so that weaving touches plain memory
    /// only.
    private struct Head {
        var records = UnsafeBufferPointer<MarketEvent>(start: nil, count: 0)
        var position = 0

        var isAtEnd: Bool { position == records.count }
        var time: Timestamp { records[position].receiveTime }
    }

    /// Opens the files; `start` leaves out records received before it.
    package init(
        paths: [String], start: Timestamp? = nil, tornTail: TickFileReader.TornTailPolicy = .refuse
    ) throws(MarketDataError) {
        guard !paths.isEmpty, paths.count <= Limits.mergedFilesMax else {
            throw MarketDataError(
                .limitExceeded, "\(paths.count) tick files given; name 1 to \(Limits.mergedFilesMax)")
        }
        var catalog = InstrumentCatalog()
        var cursors: [Cursor] = []
        var recordCount = 0
        var tornByteCount = 0
        for path in paths {
            let reader = try TickFileReader(path: path, tornTail: tornTail)
            for instrument in reader.header.instruments { try catalog.insert(instrument, from: path) }
            recordCount += reader.header.recordCount
            tornByteCount += reader.tornByteCount
            cursors.append(Cursor(reader: reader))
        }
        instruments = catalog.instruments
        self.recordCount = recordCount
        self.tornByteCount = tornByteCount
        self.cursors = cursors
        heads = cursors.map { _ in Head() }
        try rewind(to: start)
    }

    deinit { woven.deallocate() }

    /// Goes back to the first record received at or after `start`, `nil` for the very first.
    package func rewind(to start: Timestamp? = nil) throws(MarketDataError) {
        for index in cursors.indices {
            cursors[index].reader.rewind()
            cursors[index].lastTime = Timestamp(nanoseconds: .min)
            if let start { try cursors[index].reader.seek(to: start) }
            try refill(index)
            guard let start else { continue }
            while !heads[index].isAtEnd, heads[index].time < start {
                heads[index].position += 1
                if heads[index].isAtEnd { try refill(index) }
            }
        }
    }

    /// The next records, valid until the next call; `nil` at the end.
    package func nextRun() throws(MarketDataError) -> UnsafeBufferPointer<MarketEvent>? {
        // A block is fetched only when it is needed: should it be damaged, what came before is out already.
        for index in heads.indices where heads[index].isAtEnd { try refill(index) }
        let target = woven
        let run = heads.withUnsafeMutableBufferPointer { heads in
            heads.count == 1 ? Self.take(&heads[0], heads[0].records.count) : Self.merge(heads, into: target)
        }
        return run.isEmpty ? nil : run
    }

    /// A long run of the file that comes first, or records of all copied together until one file's block
    /// ends.
    private static func merge(
        _ heads: UnsafeMutableBufferPointer<Head>, into target: UnsafeMutablePointer<MarketEvent>
    ) -> UnsafeBufferPointer<MarketEvent> {
        var count = 0
        while count < Limits.batchRecords, let first = earliest(heads, except: -1) {
            let end = runEnd(heads, of: first, until: earliest(heads, except: first))
            let position = heads[first].position
            if count == 0, end - position >= directRunMin { return take(&heads[first], end) }
            let stop = min(end, position + Limits.batchRecords - count)
            for index in position..<stop {
                (target + count).initialize(to: heads[first].records[index])
                count += 1
            }
            heads[first].position = stop
            if heads[first].isAtEnd { break }
        }
        return UnsafeBufferPointer(start: target, count: count)
    }

    /// The file whose next record comes first; earlier files win ties.
    private static func earliest(_ heads: UnsafeMutableBufferPointer<Head>, except excluded: Int) -> Int? {
        var best: Int?
        var bestTime = Timestamp.distantFuture
        for index in heads.indices where index != excluded && !heads[index].isAtEnd {
            let time = heads[index].time
            if best == nil || time < bestTime {
                best = index
                bestTime = time
            }
        }
        return best
    }

    /// Where a file's records stop coming before the next one of `rival`, at most the end of its block.
    private static func runEnd(
        _ heads: UnsafeMutableBufferPointer<Head>, of index: Int, until rival: Int?
    ) -> Int {
        let records = heads[index].records
        guard let rival else { return records.count }
        let limit = heads[rival].time
        var end = heads[index].position + 1
        while end < records.count {
            let time = records[end].receiveTime
            guard time < limit || (time == limit && index < rival) else { break }
            end += 1
        }
        return end
    }

    private static func take(_ head: inout Head, _ end: Int) -> UnsafeBufferPointer<MarketEvent> {
        let position = head.position
        head.position = end
        return UnsafeBufferPointer(rebasing: head.records[position..<end])
    }

    private func refill(_ index: Int) throws(MarketDataError) {
        heads[index] = Head()
        guard let block = try cursors[index].reader.nextBlock() else { return }
        guard block[0].receiveTime >= cursors[index].lastTime else {
            throw MarketDataError(
                .outOfOrder,
                "\(cursors[index].reader.path): receive times go back at \(block[0].receiveTime); sort"
                    + " the file"
            )
        }
        cursors[index].lastTime = block[block.count - 1].receiveTime
        heads[index].records = block
    }
}

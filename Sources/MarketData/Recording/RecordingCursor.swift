package import TradingModel

/// Reads a feed's recordings while they are written, for whoever joins late: what is not there yet is there later.
///
/// Places are ordered within a file only: a feed whose clock was set back goes on in another file, at times that the
/// one before may have had. So an end is a place and the file that it is in. Not thread-safe.
package struct RecordingCursor {
    private let directory: String
    private let feed: String
    private let since: Timestamp
    private let tokens: Set<UInt32>
    private var path: RecordingPath?
    private var reader: TickFileReader?
    private var block: [MarketEvent] = []
    private var blockIndex = 0
    private var position = 0
    /// Where reading ends, and in which file.
    private var end: (place: RecordPlace, path: RecordingPath)?
    /// The last record that has a sequence and was gone past, of any instrument; of a gap record the last one missing. `nil`
    /// where the feed's count is not known.
    package private(set) var passed: RecordPlace?

    /// Begins with the first record received at or after a moment, of the instruments given and of the feed as a whole.
    package init(directory: String, feed: String, since: Timestamp, tokens: Set<UInt32>) {
        self.directory = directory
        self.feed = feed
        self.since = since
        self.tokens = tokens
    }

    // MARK: - Ends

    /// The place of the last counted record that is written; `nil` when none is.
    package func lastPlace() -> RecordPlace? {
        guard let newest = paths().last, let reader = open(newest),
            let range = try? reader.timeRange(), let sequence = try? reader.lastSequence(), sequence > 0
        else { return nil }
        return RecordPlace(time: range.upperBound, sequence: sequence)
    }

    /// Whether the very record of a place is written; reading then ends before it.
    package mutating func end(at place: RecordPlace) -> Bool {
        for path in paths().suffix(Limits.recordingsSearched).reversed() {
            guard let reader = open(path), let range = try? reader.timeRange(), range.contains(place.time),
                Self.has(place, reader)
            else { continue }
            end = (place, path)
            return true
        }
        return false
    }

    /// Ends reading where the record of a place would be, in the newest file that begins before it.
    package mutating func end(about place: RecordPlace) {
        let path = paths().last { path in
            guard let reader = open(path), let range = try? reader.timeRange() else { return false }
            return range.lowerBound <= place.time
        }
        end = path.map { (place, $0) }
    }

    /// Reads on beyond the end that was set.
    package mutating func removeEnd() { end = nil }

    private static func has(_ place: RecordPlace, _ reader: TickFileReader) -> Bool {
        var reader = reader
        guard (try? reader.seek(to: place.time)) != nil else { return false }
        while let records = try? reader.nextBlock() {
            for event in records where event.receiveTime >= place.time {
                if event.receiveTime > place.time { return false }
                if event.sequence == place.sequence { return true }
            }
        }
        return false
    }

    // MARK: - Reading

    /// The next record, without going past it; `nil` when there is none at the moment, or the end is reached.
    package mutating func peek() -> MarketEvent? {
        while true {
            while position < block.count {
                let event = block[position]
                if isEnd(event) { return nil }
                if event.receiveTime >= since,
                    event.token == .feedWide || tokens.contains(event.token.rawValue)
                {
                    return event
                }
                advance()
            }
            guard loadMore() else { return nil }
        }
    }

    /// Goes past the record that `peek` gave.
    package mutating func advance() {
        note(block[position])
        position += 1
    }

    private func isEnd(_ event: MarketEvent) -> Bool {
        guard let end, let path else { return false }
        return path > end.path || (path == end.path && RecordPlace(event) >= end.place)
    }

    private mutating func note(_ event: MarketEvent) {
        if event.kind == .gap {
            // One that the feed sent itself explains a jump of its count; the recorder's says what it had missed.
            passed = nil
            if event.sequence == 0, event.word0 > 0, event.word1 > 0 {
                // Two positive Int64 fit a UInt64.
                let last = UInt64(event.word0) + UInt64(event.word1) - 1
                passed = RecordPlace(time: event.receiveTime, sequence: last)
            }
        } else if event.sequence > 0 {
            passed = RecordPlace(event)
        }
    }

    // MARK: - Files

    /// Gets records that have been written meanwhile, of this file or of the next; `false` when there are none.
    private mutating func loadMore() -> Bool {
        if path == nil {
            guard let first = paths().first else { return false }
            begin(first)
        }
        if let path, block.count < TickFileBlock.slotCount || reader == nil {
            // The last block may have grown.
            reader = open(path)
        }
        if loadBlock() { return true }
        if let path {
            reader = open(path)
            if loadBlock() { return true }
        }
        guard let path, let next = paths().first(where: { $0 > path }) else { return false }
        // The file may have grown between the look into it and the appearance of the next one.
        reader = open(path)
        if loadBlock() { return true }
        begin(next)
        return loadBlock()
    }

    /// Takes the rest of the present block, or the next one.
    private mutating func loadBlock() -> Bool {
        guard var reader else { return false }
        let index = block.count == TickFileBlock.slotCount ? blockIndex + 1 : blockIndex
        reader.seek(toBlock: index)
        // One that is being written this moment is whole the next time.
        guard let found = try? reader.nextBlock(), index != blockIndex || found.count > block.count else {
            return false
        }
        if index != blockIndex { position = 0 }
        block = Array(found)
        blockIndex = index
        return true
    }

    private mutating func begin(_ path: RecordingPath) {
        self.path = path
        block = []
        blockIndex = 0
        position = 0
        reader = open(path)
        skipToBeginning()
    }

    /// Leaves out whole blocks before the first moment wanted, except the last of them, which knows the feed's count.
    private mutating func skipToBeginning() {
        guard var first = reader, (try? first.seek(to: since)) != nil else { return }
        blockIndex = max(0, first.nextBlockIndex - 1)
    }

    /// Opens a file that may look torn for a moment, because it is being written.
    private func open(_ path: RecordingPath) -> TickFileReader? {
        try? TickFileReader(path: directory + "/" + path.relative, tornTail: .leaveOut)
    }

    private func paths() -> [RecordingPath] {
        let first = RecordingPath.day(of: since)
        return RecordingPath.all(in: directory).filter { $0.feed == feed && $0.day >= first }
    }
}

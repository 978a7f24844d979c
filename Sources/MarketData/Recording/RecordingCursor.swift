package import TradingModel

/// A place in a feed's recordings, ordered as the feed sent its records.
package typealias RecordingPlace = RecordPlace

/// Reads a feed's recordings while they are written, for whoever joins late: what is not there yet is there later.
///
/// Not thread-safe.
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

    /// Begins with the first record received at or after a moment, of the instruments given and of the feed as a whole.
    package init(directory: String, feed: String, since: Timestamp, tokens: Set<UInt32>) {
        self.directory = directory
        self.feed = feed
        self.since = since
        self.tokens = tokens
    }

    /// The place of the last counted record that is written; `nil` when none is.
    package func lastPlace() -> RecordingPlace? {
        guard let newest = paths().last,
            // A file that is being written may look torn for a moment.
            let reader = try? TickFileReader(path: directory + "/" + newest.relative, tornTail: .leaveOut),
            let range = try? reader.timeRange(), let sequence = try? reader.lastSequence(), sequence > 0
        else { return nil }
        return RecordingPlace(time: range.upperBound, sequence: sequence)
    }

    /// The next record before a place (`nil`: of all that are written), without going past it; `nil` when there is none
    /// at the moment.
    package mutating func peek(before end: RecordingPlace?) -> MarketEvent? {
        while true {
            while position < block.count {
                let event = block[position]
                if let end, RecordingPlace(event) >= end { return nil }
                if event.receiveTime >= since,
                    event.token == .feedWide || tokens.contains(event.token.rawValue)
                {
                    return event
                }
                position += 1
            }
            guard loadMore() else { return nil }
        }
    }

    /// Goes past the record that `peek` gave.
    package mutating func advance() { position += 1 }

    /// Gets records that have been written meanwhile, of this file or of the next; `false` when there are none.
    private mutating func loadMore() -> Bool {
        if path == nil {
            guard let first = paths().first else { return false }
            open(first)
        }
        if let path, block.count < TickFileBlock.slotCount || reader == nil {
            // The last block may have grown.
            reopen(path)
        }
        if loadBlock() { return true }
        if let path {
            reopen(path)
            if loadBlock() { return true }
        }
        guard let path, let next = paths().first(where: { $0 > path }) else { return false }
        open(next)
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

    private mutating func open(_ path: RecordingPath) {
        self.path = path
        block = []
        blockIndex = 0
        position = 0
        reopen(path)
    }

    private mutating func reopen(_ path: RecordingPath) {
        reader = try? TickFileReader(path: directory + "/" + path.relative, tornTail: .leaveOut)
    }

    private func paths() -> [RecordingPath] {
        let first = RecordingPath.day(of: since)
        return RecordingPath.all(in: directory).filter { $0.feed == feed && $0.day >= first }
    }
}

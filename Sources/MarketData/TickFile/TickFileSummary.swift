package import TradingModel

/// What a whole tick file holds, every block read and proven.
package struct TickFileSummary: Sendable {
    /// Whether the file is whole.
    package enum ChecksumState: Equatable, Sendable {
        /// Every checksum matches and the file was closed.
        case intact
        /// Every checksum matches; the writer is at work or was cut off, and this many bytes are no whole
        /// block.
        case unclosed(tornByteCount: Int)
        /// A block does not match; the counts end before it.
        case damaged(MarketDataError)
    }

    /// One instrument's records.
    package struct InstrumentSummary: Sendable {
        /// The instrument; symbol `?` for a token the header does not list.
        package var instrument: Instrument
        /// Records by kind.
        package var counts: KindCounts
        /// The lowest and highest price of any record but sizes; `nil` without prices.
        package var priceRange: ClosedRange<Price>?
        /// Receive times of its first and last record; `nil` without records.
        package var firstTime: Timestamp?, lastTime: Timestamp?
    }

    /// A time in which nothing was received.
    package struct Gap: Equatable, Sendable {
        /// Receive times of the records before and after it.
        package let start: Timestamp, end: Timestamp

        var nanoseconds: Int64 { end.nanoseconds - start.nanoseconds }
    }

    /// Record counts by kind.
    package struct KindCounts: Equatable, Sendable {
        private var values = [Int](repeating: 0, count: MarketEventKind.allCases.count + 1)

        /// Records of a kind; `nil` asks for kinds this version does not know.
        package subscript(kind: MarketEventKind?) -> Int {
            get { values[Int(kind?.rawValue ?? 0)] }
            set { values[Int(kind?.rawValue ?? 0)] = newValue }
        }

        /// Records of all kinds.
        package var total: Int { values.reduce(0, +) }
    }

    /// The file's header.
    package let header: TickFileHeader
    /// Records read.
    package private(set) var recordCount = 0
    /// Records by kind.
    package private(set) var counts = KindCounts()
    /// Receive times of the first and the last record; `nil` when empty.
    package private(set) var firstTime: Timestamp?, lastTime: Timestamp?
    /// The instruments in the header's order, then unknown tokens in the order met.
    package private(set) var instruments: [InstrumentSummary]
    /// Whether the file is whole.
    package private(set) var checksumState = ChecksumState.intact
    /// How many gaps of at least the given length there are.
    package private(set) var gapCount = 0
    /// The longest of them, at most five, the longest first.
    package private(set) var longestGaps: [Gap] = []
    private let gapMinimum: Int64
    private var indexByToken: [UInt32: Int] = [:]

    /// Reads a file from end to end; throws when not even its header can be read.
    ///
    /// - Parameter gapMinimum: the least time without records that counts as a gap.
    package init(path: String, gapMinimum: Duration = .seconds(60)) throws(MarketDataError) {
        self.gapMinimum = gapMinimum.wholeNanoseconds
        var reader = try TickFileReader(path: path, tornTail: .leaveOut)
        header = reader.header
        instruments = header.instruments.map { InstrumentSummary(instrument: $0, counts: KindCounts()) }
        for (index, instrument) in header.instruments.enumerated() {
            indexByToken[instrument.token.rawValue] = index
        }
        if !header.isClosed { checksumState = .unclosed(tornByteCount: reader.tornByteCount) }
        do throws(MarketDataError) {
            while let block = try reader.nextBlock() {
                for event in block { add(event) }
            }
        } catch {
            checksumState = .damaged(error)
        }
    }

    private mutating func add(_ event: MarketEvent) {
        recordCount += 1
        counts[event.kind] += 1
        if firstTime == nil { firstTime = event.receiveTime }
        if let lastTime { addGap(Gap(start: lastTime, end: event.receiveTime)) }
        lastTime = event.receiveTime
        guard event.token != .feedWide else { return }
        let index = index(of: event.token)
        instruments[index].counts[event.kind] += 1
        if instruments[index].firstTime == nil { instruments[index].firstTime = event.receiveTime }
        instruments[index].lastTime = event.receiveTime
        guard let (low, high) = Self.prices(of: event) else { return }
        let known = instruments[index].priceRange ?? low...high
        instruments[index].priceRange = min(known.lowerBound, low)...max(known.upperBound, high)
    }

    private mutating func addGap(_ gap: Gap) {
        guard gap.nanoseconds >= gapMinimum else { return }
        gapCount += 1
        let place = longestGaps.firstIndex { $0.nanoseconds < gap.nanoseconds } ?? longestGaps.count
        longestGaps.insert(gap, at: place)
        if longestGaps.count > 5 { longestGaps.removeLast() }
    }

    private mutating func index(of token: InstrumentToken) -> Int {
        if let index = indexByToken[token.rawValue] { return index }
        indexByToken[token.rawValue] = instruments.count
        instruments.append(
            InstrumentSummary(instrument: Instrument(symbol: "?", token: token), counts: KindCounts()))
        return instruments.count - 1
    }

    private static func prices(of event: MarketEvent) -> (low: Price, high: Price)? {
        switch event.kind {
        case .quote: (min(event.quote.bid, event.quote.ask), max(event.quote.bid, event.quote.ask))
        case .trade: (event.trade.price, event.trade.price)
        case .bar:
            (Price(e8: min(event.word2, event.word1)), Price(e8: max(event.word1, event.word2)))
        case .depth: (event.depth.price, event.depth.price)
        case .barVolume, .status, .gap, nil: nil
        }
    }
}

import TradingModel

/// The recording of one feed: appends its records to the file of their day, and says with a gap record what is missing.
///
/// Confined to the recorder's writing thread. Which records are missing is told by the feed's own count:
///
/// | before | next record | what is written before it |
/// |---|---|---|
/// | sequence n | n + 1 | nothing |
/// | n | m > n + 1 | gap: first n + 1, m - n - 1 records; nothing when the feed itself sent a gap record |
/// | n | m ≤ n: the feed began anew | gap: first unknown, as many as the bus announced, if any |
/// | n, the recorder was away | m ≤ n | gap: first unknown, m - 1 records and an unknown number (0) of the run before |
///
/// Not written: a gap before the first record that a feed ever had recorded, since recording may begin at any time; unless
/// the disk refused the records before it.
final class FeedRecording {
    private enum Continuity {
        /// Every record since the last one written came by here.
        case witnessed
        /// The recorder was away and had closed the file in order, together with the feed as a rule.
        case closed
        /// The recorder was killed, or recording was suspended.
        case interrupted
    }

    let feed: String
    private let directory: String
    private let report: (String) -> Void
    private let fileBytesMax: Int
    private var writer: TickFileWriter?
    private var path: RecordingPath?
    private var dayEnd = Timestamp(nanoseconds: .min)
    private var lastTime = Timestamp(nanoseconds: .min)
    private var lastSequence: UInt64 = 0
    private var continuity = Continuity.closed
    private var announcedCount: UInt64 = 0
    private var endedWithGap = false
    /// Tokens in the file's header, and those of its records that nobody has explained yet.
    private var headerTokens: Set<UInt32> = []
    private var unexplained: Set<UInt32> = []
    /// The token of the record before, 0 when that says nothing of this file's header.
    private var lastToken: UInt32 = 0
    /// Whether looking for the instruments of those may find any.
    private var mayExplain = false
    private var firstTime: Timestamp?
    /// Files that were closed since they were last asked for.
    private var closed: [RecordedFile] = []
    private(set) var gapCount = 0

    init(feed: String, directory: String, fileBytesMax: Int, report: @escaping (String) -> Void) {
        self.feed = feed
        self.directory = directory
        self.fileBytesMax = fileBytesMax
        self.report = report
        takeUp()
    }

    /// Finds the feed's newest file: what was not closed in order is mended and continued.
    private func takeUp() {
        guard let newest = RecordingPath.newest(of: feed, in: directory) else { return }
        let name = directory + "/" + newest.relative
        do throws(MarketDataError) {
            let reader = try? TickFileReader(path: name, tornTail: .leaveOut)
            if let reader, reader.header.isClosed {
                lastSequence = try reader.lastSequence()
                continuity = .closed
            } else {
                continuity = .interrupted
                try continueFile(newest)
                lastSequence = writer?.lastSequence ?? 0
            }
        } catch {
            report("\(error); recording goes on in another file")
            continuity = .interrupted
        }
    }

    // MARK: - Recording

    /// Appends records, in the order received.
    func record(
        _ records: UnsafeBufferPointer<MarketEvent>, instruments: [UInt32: Instrument]
    ) throws(MarketDataError) {
        var start = 0
        var index = 0
        while index < records.count {
            index = passOverSuccessors(in: records, from: index)
            guard index < records.count else { break }
            try append(records, start..<index, instruments)
            start = index
            let event = records[index]
            try cross(to: event)
            if event.token.rawValue != lastToken { meet(event.token) }
            if event.sequence > 0 { lastSequence = event.sequence }
            endedWithGap = event.kind == .gap
            lastTime = event.receiveTime
            index += 1
        }
        try append(records, start..<records.count, instruments)
    }

    /// Goes past the records that follow each other as usual; where the first is that does not.
    private func passOverSuccessors(
        in records: UnsafeBufferPointer<MarketEvent>, from first: Int
    ) -> Int {
        guard continuity == .witnessed, announcedCount == 0 else { return first }
        var index = first
        var sequence = lastSequence
        var time = lastTime
        var token = lastToken
        while index < records.count {
            let event = records[index]
            guard event.sequence == sequence &+ 1, event.receiveTime >= time, event.receiveTime < dayEnd
            else { break }
            if event.token.rawValue != token {
                token = event.token.rawValue
                meet(event.token)
            }
            sequence = event.sequence
            time = event.receiveTime
            index += 1
        }
        guard index > first else { return first }
        lastSequence = sequence
        lastTime = time
        endedWithGap = records[index - 1].kind == .gap
        return index
    }

    /// Takes note of a token that is another one than the record's before.
    private func meet(_ token: InstrumentToken) {
        lastToken = token.rawValue
        guard token != .feedWide, !headerTokens.contains(token.rawValue),
            unexplained.insert(token.rawValue).inserted
        else { return }
        mayExplain = true
    }

    /// More instruments are known than before.
    func instrumentsDidChange() { mayExplain = !unexplained.isEmpty }

    /// The bus said that records of this feed did not come through.
    func announce(missing count: UInt64) { announcedCount &+= count }

    /// Hands what was appended to the system.
    func flush() throws(MarketDataError) { try writer?.flush() }

    /// The open file's descriptor, for a sync elsewhere; `nil` without an open file.
    var syncDescriptor: Int32? { writer?.duplicateDescriptor() }

    /// Closes the file in order.
    func finish() throws(MarketDataError) {
        guard let writer else { return }
        try writer.finish()
        noteClosed(writer)
    }

    /// Lets go of the file after a failure; what was not written is a gap of the next file or of this one.
    func interrupt() {
        if let writer {
            lastSequence = writer.flushedSequence
            writer.abandon()
        }
        writer = nil
        dayEnd = Timestamp(nanoseconds: .min)
        continuity = .interrupted
    }

    /// Recording pauses: what comes meanwhile is missing, and whether the feed began anew is not seen.
    func suspend() { continuity = .interrupted }

    /// What is open, and what was closed since the last call.
    func takeFiles() -> [RecordedFile] {
        defer { closed = [] }
        guard let writer, let path else { return closed }
        return closed + [file(writer, path, isComplete: false)]
    }

    // MARK: - Boundaries

    /// Between the record before and this one something is not as usual: a new day, a gap, a clock that was set back.
    private func cross(to event: MarketEvent) throws(MarketDataError) {
        let gap = missing(before: event)
        announcedCount = 0
        continuity = .witnessed
        if event.receiveTime < lastTime || event.receiveTime >= dayEnd || writer == nil {
            try openFile(for: event.receiveTime)
        }
        guard let gap, let writer else { return }
        gapCount += 1
        let count = gap.count == 0 ? "an unknown number of" : "\(gap.count)"
        report("feed \(feed): \(count) records before \(event.sequence) were not recorded")
        try writer.append(
            MarketEvent(
                kind: .gap, token: .feedWide, eventTime: event.receiveTime, receiveTime: event.receiveTime,
                sequence: 0, words: (Int64(bitPattern: gap.first), Int64(clamping: gap.count), 0, 0)))
    }

    /// The gap before a record, by the table above.
    private func missing(before event: MarketEvent) -> (first: UInt64, count: UInt64)? {
        guard event.sequence > 0 else { return announcedCount > 0 ? (0, announcedCount) : nil }
        guard lastSequence > 0 else {
            // Whether recording began here or records could not be written is not known: rather too much than too little.
            if continuity == .interrupted { return event.sequence > 1 ? (1, event.sequence - 1) : nil }
            return announcedCount > 0 ? (0, announcedCount) : nil
        }
        if event.sequence > lastSequence {
            let count = event.sequence - lastSequence - 1
            return count == 0 || endedWithGap ? nil : (lastSequence + 1, count)
        }
        switch continuity {
        case .witnessed: return announcedCount > 0 ? (0, announcedCount) : nil
        case .closed: return event.sequence > 1 ? (1, event.sequence - 1) : nil
        case .interrupted: return (0, event.sequence - 1)
        }
    }

    // MARK: - Files

    private func append(
        _ records: UnsafeBufferPointer<MarketEvent>, _ range: Range<Int>, _ instruments: [UInt32: Instrument]
    ) throws(MarketDataError) {
        guard !range.isEmpty else { return }
        if let writer, writer.byteCount >= fileBytesMax {
            try continueElsewhere()
            for event in records[range] where event.token.rawValue != lastToken { meet(event.token) }
        }
        guard let writer else { return }
        if firstTime == nil { firstTime = records[range.lowerBound].receiveTime }
        try writer.append(inOrder: UnsafeBufferPointer(rebasing: records[range]))
        if mayExplain { try explain(instruments) }
    }

    /// Puts the instruments of new tokens into the header; a file whose header is full is followed by another one.
    private func explain(_ instruments: [UInt32: Instrument]) throws(MarketDataError) {
        mayExplain = false
        let found = unexplained.sorted().compactMap { instruments[$0] }
        guard !found.isEmpty, let writer else { return }
        let all = writer.instruments + found
        unexplained.subtract(found.map(\.token.rawValue))
        headerTokens.formUnion(found.map(\.token.rawValue))
        guard try !writer.replaceInstruments(all) else { return }
        try continueElsewhere(instruments: all)
    }

    /// Opens the file for a record received at a moment: the day's last one where it can be continued, else a new one.
    private func openFile(for time: Timestamp) throws(MarketDataError) {
        let day = RecordingPath.day(of: time)
        let former = writer == nil ? nil : path
        if let writer {
            try writer.finish()
            noteClosed(writer)
        }
        let newest = RecordingPath.all(in: directory, feed: feed, day: day).last
        if let newest, newest != former {
            do throws(MarketDataError) {
                try continueFile(newest)
            } catch  where error.code != .system {
                report("\(error); recording goes on in another file")
            }
            if let writer, time < writer.lastTime || writer.byteCount >= fileBytesMax {
                try writer.finish()
                noteClosed(writer)
            }
        }
        if writer == nil { try create(newest?.next ?? RecordingPath(feed: feed, day: day)) }
        lastTime = time
    }

    /// The next file of the same day.
    private func continueElsewhere(instruments: [Instrument]? = nil) throws(MarketDataError) {
        guard let path, let writer else { return }
        try writer.finish()
        noteClosed(writer)
        try create(path.next, instruments: instruments ?? writer.instruments)
    }

    private func continueFile(_ found: RecordingPath) throws(MarketDataError) {
        let writer = try TickFileWriter(appendingTo: directory + "/" + found.relative)
        self.writer = writer
        path = found
        dayEnd = RecordingPath.start(of: found.day + 1)
        lastTime = writer.lastTime
        headerTokens = Set(writer.instruments.map(\.token.rawValue))
        lastToken = 0
        firstTime = try writer.firstTime()
        if let offset = writer.recovery.cutOffset {
            report(
                "\(found.relative): \(writer.recovery.cutByteCount) bytes of a torn tail were cut at byte \(offset)"
            )
        }
    }

    private func create(_ new: RecordingPath, instruments: [Instrument] = []) throws(MarketDataError) {
        guard new.segment <= Limits.recordingSegmentsMax else {
            throw MarketDataError(
                .limitExceeded,
                "feed \(feed) has \(Limits.recordingSegmentsMax) files of \(new.dayName): its receive times go back "
                    + "and forth, or the file size is set too small")
        }
        try Syscall.makeDirectory(directory)
        try Syscall.makeDirectory(directory + "/" + new.dayName)
        writer = try TickFileWriter(
            recordingTo: directory + "/" + new.relative, instruments: instruments, source: "feed \(feed)")
        path = new
        dayEnd = RecordingPath.start(of: new.day + 1)
        headerTokens = Set(instruments.map(\.token.rawValue))
        unexplained = []
        lastToken = 0
        firstTime = nil
    }

    private func noteClosed(_ writer: TickFileWriter) {
        if let path {
            closed.append(file(writer, path, isComplete: true))
            if closed.count > Limits.recordedFilesReported { closed.removeFirst() }
        }
        self.writer = nil
        dayEnd = Timestamp(nanoseconds: .min)
    }

    private func file(_ writer: TickFileWriter, _ path: RecordingPath, isComplete: Bool) -> RecordedFile {
        RecordedFile(
            path: path, isComplete: isComplete, recordCount: writer.recordCount, byteCount: writer.byteCount,
            firstTime: firstTime, lastTime: writer.recordCount > 0 ? writer.lastTime : nil)
    }
}

import TradingModel

/// Where the records of an import go: put in order, numbered, and written to a tick file or kept for a preview.
///
/// Records are put into `slots` with their line's number as sequence, and then appended. Where they may go straight
/// into the tick file, the slots are those of its block. Not thread-safe.
final class ImportOutput {
    /// Records kept or written; those waiting to be sorted included.
    private(set) var recordCount = 0
    private(set) var firstTime: Timestamp?, lastTime: Timestamp?
    /// Set when a row was bad and that is refused: records are only checked from then on.
    var isRefused = false
    /// Hears of each row that comes late and is left out: its line and why.
    var onLateRow: ((Int, CSVRowProblem) -> Void)?
    /// Records left out because they came late, by token.
    private(set) var lateRecordCounts: [UInt32: Int] = [:]
    /// The records of a preview.
    private(set) var kept: [MarketEvent] = []
    /// Where the next records are put; at least two places. Valid until the next append.
    private(set) var slots: UnsafeMutableBufferPointer<MarketEvent>
    private let writer: TickFileWriter?
    private let keptMax: Int
    private let order: CSVImportOptions.OrderPolicy
    private let leavesOutLateRows: Bool
    private let lateness: Int64
    private let staging: UnsafeMutableBufferPointer<MarketEvent>
    /// Whether `slots` are the writer's.
    private var isInPlace = false
    private var highest = Timestamp(nanoseconds: .min)
    private var sequence: UInt64 = 0
    private var lastLateRow: (path: String, line: UInt64) = ("", 0)
    /// Records that wait for earlier ones that may still come, in the order of arrival.
    private var waiting: [MarketEvent] = []
    private var waitingMax = 1 << 16

    /// - Parameter writer: `nil` for a preview of `keptMax` records.
    init(writer: TickFileWriter?, options: CSVImportOptions, keptMax: Int = 0) {
        self.writer = writer
        // A preview shows rows as they come.
        order = writer == nil ? .refuse : options.order
        leavesOutLateRows = options.outOfOrder == .skip
        self.keptMax = keptMax
        lateness =
            switch options.order {
            case .window(let duration): duration.wholeNanoseconds
            case .sort: .max
            case .refuse: 0
            }
        staging = .allocate(capacity: Limits.batchRecords)
        slots = staging
        offerSlots()
    }

    deinit { staging.deallocate() }

    /// Whether a preview has all it wants.
    var isFull: Bool { writer == nil && kept.count >= keptMax }

    /// Appends the first `count` slots.
    func append(_ count: Int, path: String) throws(MarketDataError) {
        defer { offerSlots() }
        guard let writer else {
            recordCount += count
            kept.append(contentsOf: slots.prefix(min(count, keptMax - kept.count)))
            return
        }
        var records = UnsafeMutableBufferPointer(rebasing: slots[..<count])
        if order != .refuse { return try gather(records, path: path) }
        let isLate = number(records)
        if let isLate { records = try leaveOutLate(records, from: isLate, path: path) }
        recordCount += records.count
        guard !isRefused, let first = records.first, let last = records.last else { return }
        if firstTime == nil { firstTime = first.receiveTime }
        lastTime = last.receiveTime
        if isInPlace {
            try writer.commit(records.count)
        } else {
            try writer.append(contentsOf: UnsafeBufferPointer(records))
        }
    }

    /// Writes what waits.
    func finish(path: String) throws(MarketDataError) { try release(upTo: Timestamp(nanoseconds: .max)) }

    private func offerSlots() {
        slots = staging
        isInPlace = false
        guard let writer, order == .refuse, !isRefused else { return }
        let free = writer.freeSlots
        if free.count >= 2 {
            slots = free
            isInPlace = true
        } else {
            slots = UnsafeMutableBufferPointer(rebasing: staging[..<2])
        }
    }

    /// Checks the order of records and gives them their sequences; stops at the first one that comes late.
    @inline(__always)
    private func number(_ records: UnsafeMutableBufferPointer<MarketEvent>) -> Int? {
        var highest = highest
        var sequence = sequence
        var late: Int?
        for index in 0..<records.count {
            let time = records[index].receiveTime
            if time < highest {
                late = index
                break
            }
            highest = time
            sequence &+= 1
            records[index].sequence = sequence
        }
        self.highest = highest
        self.sequence = sequence
        return late
    }

    /// Closes the ranks over records that come late, from the first such one on; throws when they are refused.
    @inline(never)
    private func leaveOutLate(
        _ records: UnsafeMutableBufferPointer<MarketEvent>, from start: Int, path: String
    ) throws(MarketDataError) -> UnsafeMutableBufferPointer<MarketEvent> {
        var count = start
        for index in start..<records.count {
            var record = records[index]
            if record.receiveTime < highest {
                try leaveOut(record, path: path)
                continue
            }
            highest = record.receiveTime
            sequence &+= 1
            record.sequence = sequence
            records[count] = record
            count += 1
        }
        return UnsafeMutableBufferPointer(rebasing: records[..<count])
    }

    /// Notes a record that comes too late; the two records of a row are one row.
    private func leaveOut(_ record: MarketEvent, path: String) throws(MarketDataError) {
        guard leavesOutLateRows else { throw outOfOrder(record, path: path) }
        lateRecordCounts[record.token.rawValue, default: 0] += 1
        guard record.sequence != lastLateRow.line || path != lastLateRow.path else { return }
        lastLateRow = (path, record.sequence)
        onLateRow?(Int(record.sequence), CSVRowProblem(nil, lateness(of: record)))
    }

    private func write(_ records: UnsafeMutableBufferPointer<MarketEvent>) throws(MarketDataError) {
        guard !isRefused, let first = records.first, let last = records.last else { return }
        if firstTime == nil { firstTime = first.receiveTime }
        lastTime = last.receiveTime
        for index in records.indices {
            sequence &+= 1
            records[index].sequence = sequence
        }
        try writer?.append(contentsOf: UnsafeBufferPointer(records))
    }

    private func gather(
        _ records: UnsafeMutableBufferPointer<MarketEvent>, path: String
    ) throws(MarketDataError) {
        var count = 0
        for record in records {
            let (bound, overflow) = highest.nanoseconds.subtractingReportingOverflow(lateness)
            if !overflow, record.receiveTime.nanoseconds < bound {
                try leaveOut(record, path: path)
                continue
            }
            highest = max(highest, record.receiveTime)
            records[count] = record
            count += 1
        }
        recordCount += count
        guard !isRefused else { return }
        waiting.append(contentsOf: records[..<count])
        guard waiting.count >= waitingMax else { return }
        let (bound, overflow) = highest.nanoseconds.subtractingReportingOverflow(lateness)
        if !overflow { try release(upTo: Timestamp(nanoseconds: bound)) }
        guard waiting.count < Limits.sortedRecordsMax else {
            throw MarketDataError(
                .limitExceeded,
                "\(path) has over \(Limits.sortedRecordsMax) records"
                    + (lateness == .max ? "" : " within the window")
                    + "; more are not sorted in memory, sort the file first or take a smaller window")
        }
        // Sorting what must wait again and again would cost more than it frees.
        waitingMax = max(1 << 16, min(2 * waiting.count, Limits.sortedRecordsMax))
    }

    /// Sorts what waits and writes the part that nothing can come before any more.
    private func release(upTo bound: Timestamp) throws(MarketDataError) {
        guard !waiting.isEmpty else { return }
        // Ties are broken by position, since the standard library does not promise a stable sort.
        var places = waiting.indices.map { (time: waiting[$0].receiveTime, position: $0) }
        places.sort { $0.time != $1.time ? $0.time < $1.time : $0.position < $1.position }
        var sorted = places.map { waiting[$0.position] }
        let count = sorted.firstIndex { $0.receiveTime > bound } ?? sorted.count
        var failure: MarketDataError?
        sorted.withUnsafeMutableBufferPointer { buffer in
            do throws(MarketDataError) {
                try write(UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
            } catch { failure = error }
        }
        if let failure { throw failure }
        waiting = Array(sorted[count...])
    }

    private func lateness(of event: MarketEvent) -> String {
        let allowed = if case .window(let duration) = order { ", more than \(duration) late" } else { "" }
        return "received at \(event.receiveTime.iso8601(fractionDigits: 9)), before the row ahead of it at"
            + " \(highest.iso8601(fractionDigits: 9))\(allowed)"
    }

    private func outOfOrder(_ event: MarketEvent, path: String) -> MarketDataError {
        MarketDataError(
            .outOfOrder,
            "\(path), line \(event.sequence): \(lateness(of: event)); sort the rows, let the import sort them or"
                + " leave out rows that come late")
    }
}

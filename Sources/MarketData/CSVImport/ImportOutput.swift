import TradingModel

/// Where the records of an import go: put in order, numbered, and written to a tick file or kept for a preview.
///
/// Records come in with their line's number as sequence. Not thread-safe.
final class ImportOutput {
    /// Records kept or written; those waiting to be sorted included.
    private(set) var recordCount = 0
    private(set) var firstTime: Timestamp?, lastTime: Timestamp?
    /// Set when a row was bad and that is refused: records are only checked from then on.
    var isRefused = false
    /// The records of a preview.
    private(set) var kept: [MarketEvent] = []
    private let writer: TickFileWriter?
    private let keptMax: Int
    private let order: CSVImportOptions.OrderPolicy
    private let lateness: Int64
    private var highest = Timestamp(nanoseconds: .min)
    private var sequence: UInt64 = 0
    /// Records that wait for earlier ones that may still come, in the order of arrival.
    private var waiting: [MarketEvent] = []
    private var waitingMax = 1 << 16

    /// - Parameter writer: `nil` for a preview of `keptMax` records.
    init(writer: TickFileWriter?, order: CSVImportOptions.OrderPolicy, keptMax: Int = 0) {
        self.writer = writer
        self.order = order
        self.keptMax = keptMax
        lateness =
            if case .window(let duration) = order { duration.wholeNanoseconds } else { Int64.max }
    }

    /// Whether a preview has all it wants.
    var isFull: Bool { writer == nil && kept.count >= keptMax }

    func append(
        _ records: UnsafeMutableBufferPointer<MarketEvent>, path: String
    ) throws(MarketDataError) {
        recordCount += records.count
        guard writer != nil else {
            kept.append(contentsOf: records.prefix(keptMax - kept.count))
            return
        }
        if order != .refuse { return try gather(records, path: path) }
        for record in records {
            guard record.receiveTime >= highest else { throw outOfOrder(record, path: path) }
            highest = record.receiveTime
        }
        try write(records)
    }

    /// Writes what waits.
    func finish(path: String) throws(MarketDataError) { try release(upTo: Timestamp(nanoseconds: .max)) }

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
        for record in records {
            let (bound, overflow) = highest.nanoseconds.subtractingReportingOverflow(lateness)
            if !overflow, record.receiveTime.nanoseconds < bound { throw outOfOrder(record, path: path) }
            highest = max(highest, record.receiveTime)
        }
        guard !isRefused else { return }
        waiting.append(contentsOf: records)
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

    private func outOfOrder(_ event: MarketEvent, path: String) -> MarketDataError {
        let allowed = if case .window(let duration) = order { ", more than \(duration) late" } else { "" }
        return MarketDataError(
            .outOfOrder,
            "\(path), line \(event.sequence): received at \(event.receiveTime.iso8601(fractionDigits: 9)),"
                + " before the row"
                + " ahead of it at \(highest.iso8601(fractionDigits: 9))\(allowed); sort the rows, or let the"
                + " import sort them"
        )
    }
}

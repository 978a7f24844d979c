package import TradingModel

/// Writes a new tick file from the records of others: merges, slices, or both.
///
/// Not thread-safe; used once.
package final class TickFileCopy {
    /// Which records are taken.
    package struct Filter: Sendable {
        /// Received at or after this.
        package var start = Timestamp(nanoseconds: .min)
        /// Received before this.
        package var end = Timestamp.distantFuture
        /// Of these instruments and of none; `nil` takes all.
        package var tokens: Set<InstrumentToken>?
        /// Of these kinds; `nil` takes all.
        package var kinds: Set<MarketEventKind>?

        package init() {}

        /// Whether a record is taken.
        package func takes(_ event: MarketEvent) -> Bool {
            guard event.receiveTime >= start, event.receiveTime < end else { return false }
            if let tokens, !tokens.contains(event.token) { return false }
            if let kinds { return event.kind.map { kinds.contains($0) } ?? false }
            return true
        }

        var takesAll: Bool {
            start.nanoseconds == .min && end == .distantFuture && tokens == nil && kinds == nil
        }
    }

    /// Records written.
    package private(set) var recordCount = 0
    /// Receive times of the first and the last.
    package private(set) var firstTime: Timestamp?, lastTime: Timestamp?
    private let reader: MergedTickReader
    private let filter: Filter
    private let renumbers: Bool
    private var countByToken: [InstrumentToken: Int] = [:]

    /// Opens the files, all of which must be whole.
    ///
    /// - Parameter renumbers: sequences count from 1 in the new file; otherwise records stay as they are.
    package init(paths: [String], filter: Filter = Filter(), renumbers: Bool) throws(MarketDataError) {
        let start = filter.start.nanoseconds == .min ? nil : filter.start
        reader = try MergedTickReader(paths: paths, start: start)
        self.filter = filter
        self.renumbers = renumbers
    }

    /// The instruments of the new file.
    package var instruments: [Instrument] {
        reader.instruments.filter { filter.tokens?.contains($0.token) ?? true }
    }

    /// The instruments with the records written of each.
    var counts: [ImportSummary.InstrumentCount] {
        instruments.map {
            ImportSummary.InstrumentCount(instrument: $0, recordCount: countByToken[$0.token] ?? 0)
        }
    }

    /// Writes the file; nothing is left when it throws.
    package func write(to output: String, source: String) throws(MarketDataError) {
        let writer = try TickFileWriter(bulkTo: output, instruments: instruments, source: source)
        do throws(MarketDataError) {
            while let run = try reader.nextRun() {
                guard let last = run.last else { continue }
                try copy(run, to: writer)
                if last.receiveTime >= filter.end { break }
            }
            try writer.finish()
        } catch {
            writer.abandon()
            throw error
        }
    }

    private func copy(_ run: UnsafeBufferPointer<MarketEvent>, to writer: TickFileWriter)
        throws(MarketDataError)
    {
        let isWhole = filter.takesAll && !renumbers
        for event in run where isWhole || filter.takes(event) {
            recordCount += 1
            countByToken[event.token, default: 0] += 1
            if firstTime == nil { firstTime = event.receiveTime }
            lastTime = event.receiveTime
            var record = event
            if renumbers { record.sequence = UInt64(recordCount) }
            try writer.append(record)
        }
    }
}

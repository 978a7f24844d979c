import Foundation
import MarketData
import TradingModel

/// The timed part of `scripts/bench ticks`; prints one JSON object.
///
///     ticks-benchmark import QUOTES.csv OUT.ticks
///     ticks-benchmark replay FILE.ticks blocks|feed
///     ticks-benchmark record DIRECTORY RECORDS
@main struct TicksBenchmark {
    static func main() throws {
        let arguments = CommandLine.arguments
        switch (arguments.count, arguments.dropFirst().first) {
        case (4, "import"): try measureImport(arguments[2], arguments[3])
        case (4, "replay"): try measureReplay(arguments[2], isFeed: arguments[3] == "feed")
        case (4, "record"): measureRecording(arguments[2], Int(arguments[3]) ?? 1_000_000)
        default:
            print(
                "usage: ticks-benchmark import QUOTES.csv OUT.ticks | replay FILE.ticks blocks|feed | "
                    + "record DIRECTORY RECORDS")
            exit(64)
        }
    }

    private static func measureImport(_ input: String, _ output: String) throws {
        let importer = CSVImporter(options: CSVImportOptions(format: .quotes, symbol: "X"))
        let cpu = cpuSeconds()
        let begin = ContinuousClock.now
        let summary = try importer.importFile(at: input, to: output)
        report(begin, cpu, ["records": Double(summary.recordCount)])
    }

    private static func measureReplay(_ path: String, isFeed: Bool) throws {
        let cpu = cpuSeconds()
        let begin = ContinuousClock.now
        var count = 0
        if isFeed {
            var feed = try FileFeed(
                configuration: FeedConfiguration(
                    feedName: "bench", kind: "file", json: #"{"path": "\#(path)", "speed": "max"}"#))
            var batch = MarketEventBatch(capacity: 1024)
            var step = FeedStep.ready
            while step != .ended {
                batch.removeAll()
                step = try feed.next(into: &batch, now: .epoch)
                count += batch.count
            }
        } else {
            try TickFileReader(path: path).forEachBlock { count += $0.count }
        }
        report(begin, cpu, ["bytes": Double(count * MarketEvent.byteCount)])
    }

    /// What the recorder's thread does with records that lie in memory: continuity, checksums, writing; without the last sync.
    private static func measureRecording(_ directory: String, _ count: Int) {
        let records = UnsafeMutableBufferPointer<MarketEvent>.allocate(capacity: count)
        for index in 0..<count {
            let time = Timestamp(nanoseconds: 1_767_571_200_000_000_000 + Int64(index) * 1_000)
            records[index] = .trade(
                Trade(price: Price(e8: Int64(index)), size: Quantity(1)),
                token: InstrumentToken(symbol: "ALPHA"),
                eventTime: time, receiveTime: time, sequence: UInt64(index) + 1)
        }
        let recorder = TickRecorder(directory: directory) {
            FileHandle.standardError.write(Data(($0 + "\n").utf8))
        }
        recorder.apply(RecorderSettings(feeds: [1: "bench"], floorBytes: 0))
        let cpu = cpuSeconds()
        let begin = ContinuousClock.now
        for start in stride(from: 0, to: count, by: 4_096) {
            let part = UnsafeBufferPointer(rebasing: records[start..<min(count, start + 4_096)])
            recorder.record(part, feed: 1)
        }
        recorder.flush()
        report(begin, cpu, ["records": Double(recorder.recordCount)])
    }

    private static func report(_ begin: ContinuousClock.Instant, _ cpu: Double, _ values: [String: Double]) {
        let (seconds, attoseconds) = (ContinuousClock.now - begin).components
        var values = values
        values["seconds"] = Double(seconds) + Double(attoseconds) / 1e18
        values["cpu_seconds"] = cpuSeconds() - cpu
        let text = values.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \($0.value)" }
        print("{" + text.joined(separator: ", ") + "}")
    }

    /// User and system time of this process.
    private static func cpuSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

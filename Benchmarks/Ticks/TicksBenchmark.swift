import Foundation
import MarketData
import TradingModel

/// The timed part of `scripts/bench ticks`; prints one JSON object.
///
///     ticks-benchmark import QUOTES.csv OUT.ticks
///     ticks-benchmark replay FILE.ticks blocks|feed
@main struct TicksBenchmark {
    static func main() throws {
        let arguments = CommandLine.arguments
        switch (arguments.count, arguments.dropFirst().first) {
        case (4, "import"): try measureImport(arguments[2], arguments[3])
        case (4, "replay"): try measureReplay(arguments[2], isFeed: arguments[3] == "feed")
        default:
            print("usage: ticks-benchmark import QUOTES.csv OUT.ticks | replay FILE.ticks blocks|feed")
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

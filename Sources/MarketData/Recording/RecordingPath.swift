package import TradingModel

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Where a recording lies below the ticks directory: `<yyyy-mm-dd>/<feed>.ticks`, and `<feed>~2.ticks` and so on for
/// further files of the same feed and day.
///
/// The day is that of the records' receive times in UTC, so a file holds one day whatever the machine's clock did. `~`
/// is no letter of a feed's name. Ordered as they were recorded: by day, then segment.
package struct RecordingPath: Hashable, Sendable, Comparable {
    /// The feed's name.
    package let feed: String
    /// Days since 1970-01-01.
    package let day: Int64
    /// 1 for the first file of the feed on that day.
    package let segment: Int

    package init(feed: String, day: Int64, segment: Int = 1) {
        self.feed = feed
        self.day = day
        self.segment = segment
    }

    /// Understands a directory's and a file's name; `nil` for what is no recording.
    package init?(directory: String, file: String) {
        guard directory.utf8.count == 10, let start = Timestamp(iso8601: directory + "T00:00:00Z"),
            file.hasSuffix(".ticks")
        else { return nil }
        let parts = file.dropLast(6).split(separator: "~", omittingEmptySubsequences: false)
        guard let name = parts.first, !name.isEmpty, parts.count <= 2 else { return nil }
        let segment = parts.count == 2 ? Int(parts[1]) ?? 0 : 1
        guard segment > (parts.count == 2 ? 1 : 0) else { return nil }
        self.init(feed: String(name), day: Self.day(of: start), segment: segment)
    }

    /// The path below the ticks directory.
    package var relative: String { dayName + "/" + feed + (segment > 1 ? "~\(segment)" : "") + ".ticks" }

    /// The day's directory, `yyyy-mm-dd`.
    package var dayName: String { String(Self.start(of: day).iso8601(fractionDigits: 0).prefix(10)) }

    /// The recording that follows on the same day.
    package var next: RecordingPath { RecordingPath(feed: feed, day: day, segment: segment + 1) }

    /// The day of a moment.
    package static func day(of time: Timestamp) -> Int64 {
        time.nanoseconds.flooredDivision(by: nanosecondsPerDay).quotient
    }

    /// The first moment of a day; the range's end when it lies beyond.
    package static func start(of day: Int64) -> Timestamp {
        let (nanoseconds, overflow) = day.multipliedReportingOverflow(by: nanosecondsPerDay)
        return overflow
            ? (day < 0 ? Timestamp(nanoseconds: .min) : .distantFuture)
            : Timestamp(nanoseconds: nanoseconds)
    }

    package static func < (left: RecordingPath, right: RecordingPath) -> Bool {
        (left.day, left.segment, left.feed) < (right.day, right.segment, right.feed)
    }

    /// All recordings below a ticks directory, in order; none when it does not exist.
    package static func all(in directory: String) -> [RecordingPath] {
        let days = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return days.flatMap { day in all(in: directory, dayName: day) }.sorted()
    }

    /// The recordings of one feed and day, in order.
    package static func all(in directory: String, feed: String, day: Int64) -> [RecordingPath] {
        let name = RecordingPath(feed: feed, day: day).dayName
        return all(in: directory, dayName: name).filter { $0.feed == feed }.sorted()
    }

    /// The newest recording of a feed; `nil` when there is none.
    static func newest(of feed: String, in directory: String) -> RecordingPath? {
        let days = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        for day in days.sorted().reversed() {
            let found = all(in: directory, dayName: day).filter { $0.feed == feed }.max()
            if let found { return found }
        }
        return nil
    }

    private static func all(in directory: String, dayName: String) -> [RecordingPath] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: directory + "/" + dayName)) ?? []
        return files.compactMap { RecordingPath(directory: dayName, file: $0) }
    }

    private static let nanosecondsPerDay: Int64 = 86_400_000_000_000
}

import ArgumentParser
import ControlPlane
import Monitoring
import TradingModel

extension TicksCommand {
    /// `tradewind ticks list`
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The recordings of a home, by day.",
            discussion: """
                Every feed that is recorded has a file for each day, ticks/yyyy-mm-dd/FEED.ticks, and further ones \
                (FEED~2.ticks) when one is full or its receive times went back. One that is still being written can be \
                read like any other.
                """)

        @OptionGroup var home: HomeOptions
        @Option(name: .long, help: "Only this feed.") var feed: String?
        @Option(name: .long, help: "Only this day, yyyy-mm-dd.") var day: String?
        @Flag(name: .long, help: "Print JSON.") var json = false

        func validate() throws {
            guard let day else { return }
            guard day.utf8.count == 10, Timestamp(iso8601: day + "T00:00:00Z") != nil else {
                throw ValidationError("--day: '\(day)' is not a day such as 2026-01-31")
            }
        }

        func run() throws {
            try reporting {
                let directory = try home.directory()
                let rows = try home.open(.reader).recordings().filter { row in
                    (feed == nil || row.feedName == feed)
                        && (day == nil || row.path.hasPrefix("ticks/\(day ?? "")/"))
                }
                if json { return try printJSON(rows.map { Document($0, home: directory.path) }) }
                var table = TextTable("feed", "status", "records", "bytes", "first", "last", "path")
                for row in rows {
                    table.append(
                        row.feedName, row.isComplete ? "complete" : "recording", "\(row.recordCount)",
                        "\(row.byteCount)", row.firstTime?.description ?? "-",
                        row.lastTime?.description ?? "-", directory.path + "/" + row.path)
                }
                print(table.rendered())
                guard let alarm = try home.open(.reader).engineInfo("recorder_alarm"), !alarm.isEmpty else {
                    return
                }
                printError("ALARM: \(alarm)")
            }
        }
    }

    /// A recording as JSON.
    private struct Document: Encodable {
        var feed: String
        var path: String
        var status: String
        var records: Int
        var bytes: Int
        var firstTime: String?
        var lastTime: String?

        enum CodingKeys: String, CodingKey {
            case feed, path, status, records, bytes
            case firstTime = "first_time"
            case lastTime = "last_time"
        }

        init(_ row: RecordingRow, home: String) {
            feed = row.feedName
            path = home + "/" + row.path
            status = row.isComplete ? "complete" : "recording"
            records = row.recordCount
            bytes = row.byteCount
            firstTime = row.firstTime?.description
            lastTime = row.lastTime?.description
        }
    }
}

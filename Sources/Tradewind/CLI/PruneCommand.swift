import ArgumentParser
import ControlPlane
import Foundation
import Supervision
import TradingModel

/// `tradewind prune`
struct PruneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Delete what is older than the settings of the database say.",
        discussion: """
            Metrics, events, commands that have ended and processes that have ended; never orders, fills or positions. \
            How long each is kept is in the table settings: \
            UPDATE settings SET value = 90 WHERE name = 'strategy_metrics_days'. A running manager deletes the same bit \
            by bit; this does it at once, in small transactions, so that nobody has to wait.
            """)

    @OptionGroup var home: HomeOptions
    @Flag(name: .long, help: "Only say how many rows would be deleted.") var dryRun = false
    @Flag(name: .long, help: "Print JSON.") var json = false

    func run() throws {
        try reporting {
            let directory = try home.directory()
            try directory.checkInitialized()
            let report = dryRun ? try count(directory) : try delete(directory)
            if json { try printJSON(report) } else { print(report.text(isDryRun: dryRun)) }
        }
    }

    /// What was deleted, or would be.
    struct Report: Encodable {
        struct Table: Encodable {
            var table: String
            var before: String
            var rows: Int
        }
        var tables: [Table] = []
        /// Metrics that were thinned to one a minute.
        var thinned = Table(table: "strategy_metrics", before: "", rows: 0)

        func text(isDryRun: Bool) -> String {
            let verb = isDryRun ? "would be deleted" : "deleted"
            let lines = tables.map { "\($0.table): \($0.rows) rows from before \($0.before) \(verb)" }
            let thin =
                "strategy_metrics: \(thinned.rows) rows \(verb) to leave one a minute before \(thinned.before)"
            return (lines + [thin]).joined(separator: "\n")
        }
    }

    private func count(_ directory: HomeDirectory) throws -> Report {
        let store = try ControlStore.open(directory, access: .reader)
        let settings = try store.settings()
        let now = WallClock.now
        var report = Report()
        for table in ControlStore.RetainedTable.allCases {
            let moment = settings.oldest(table, now: now)
            report.tables.append(
                Report.Table(
                    table: table.rawValue, before: moment.description,
                    rows: try store.countOldRows(in: table, before: moment)))
        }
        let dense = settings.denseSince(now: now)
        report.thinned.before = dense.description
        report.thinned.rows = try store.countDenseMetrics(
            from: settings.oldest(.strategyMetrics, now: now), before: dense)
        return report
    }

    private func delete(_ directory: HomeDirectory) throws -> Report {
        var pruning = Pruning(directory: directory, store: try ControlStore.open(directory, access: .client))
        let settings = try pruning.store.settings()
        let now = WallClock.now
        var report = Report()
        for table in ControlStore.RetainedTable.allCases {
            let moment = settings.oldest(table, now: now)
            var row = Report.Table(table: table.rawValue, before: moment.description, rows: 0)
            while true {
                let count = try pruning.store.deleteOldRows(from: table, before: moment)
                row.rows += count
                guard count == ControlPlane.Limits.rowsPerRetentionStep else { break }
                try pruning.pause()
            }
            report.tables.append(row)
        }
        let dense = settings.denseSince(now: now)
        report.thinned.before = dense.description
        var next: Int64 = 0
        while true {
            let step = try pruning.store.thinMetrics(after: next, before: dense)
            report.thinned.rows += step.deletedCount
            guard step.next != next else { break }
            next = step.next
            try pruning.pause()
        }
        return report
    }

    /// The connection that deletes, in steps between which others write and the write-ahead log is copied.
    private struct Pruning {
        let directory: HomeDirectory
        var store: ControlStore
        private var stepCount = 0

        init(directory: HomeDirectory, store: ControlStore) {
            self.directory = directory
            self.store = store
        }

        mutating func pause() throws {
            stepCount += 1
            if ManagerProbe.isRunning(directory) {
                // It hears of the commit within a millisecond and checkpoints when it is time to.
                Thread.sleep(forTimeInterval: 0.02)
            } else if stepCount % 4 == 0 {
                // Without a manager nobody checkpoints but the last connection when it closes.
                try store.close()
                store = try ControlStore.open(directory, access: .client)
            }
        }
    }
}

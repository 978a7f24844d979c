import GRDB
package import TradingModel

/// The table `settings`: how long what grows with time is kept, and what is recorded.
package struct Settings: Equatable, Sendable {
    /// Days for which samples of CPU and memory are kept.
    package var processMetricsDays = 1
    /// Days for which metrics of strategies are kept.
    package var strategyMetricsDays = 30
    /// Minutes for which they are kept once a second, afterwards once a minute.
    package var strategyMetricsDenseMinutes = 60
    /// Days for which changes of status are kept.
    package var strategyEventsDays = 365
    /// Days for which commands that have ended are kept.
    package var strategyCommandsDays = 365
    /// Days for which processes that have ended are kept.
    package var strategyInstancesDays = 365
    /// Whether feeds are recorded that do not say; replays are not.
    package var isRecordingByDefault = true
    /// Free space of the disk below which nothing is recorded, MiB.
    package var recordingFloorMiB = 1024
    /// Size after which a recording goes on in another file, MiB.
    package var recordingFileMiB = 8192

    package init() {}

    /// The moment before which rows of a table are old.
    package func oldest(_ table: ControlStore.RetainedTable, now: Timestamp) -> Timestamp {
        let days =
            switch table {
            case .strategyMetrics: strategyMetricsDays
            case .processMetrics: processMetricsDays
            case .events, .incidents: strategyEventsDays
            case .commands: strategyCommandsDays
            case .instances: strategyInstancesDays
            }
        return now - .seconds(days * 86_400)
    }

    /// The moment before which metrics of strategies are thinned to one a minute.
    package func denseSince(now: Timestamp) -> Timestamp { now - .seconds(strategyMetricsDenseMinutes * 60) }
}

extension ControlStore {
    /// The settings as somebody has set them; a row that was deleted means the default.
    package func settings() throws(ControlError) -> Settings {
        try read { database in
            var settings = Settings()
            let rows = try Row.fetchCursor(database, sql: "SELECT name, value FROM settings")
            while let row = try rows.next() {
                let value: Int = row[1]
                switch row[0] as String {
                case "process_metrics_days": settings.processMetricsDays = value
                case "strategy_metrics_days": settings.strategyMetricsDays = value
                case "strategy_metrics_dense_minutes": settings.strategyMetricsDenseMinutes = value
                case "strategy_events_days": settings.strategyEventsDays = value
                case "strategy_commands_days": settings.strategyCommandsDays = value
                case "strategy_instances_days": settings.strategyInstancesDays = value
                case "record_by_default": settings.isRecordingByDefault = value != 0
                case "recording_floor_mib": settings.recordingFloorMiB = value
                case "recording_file_mib": settings.recordingFileMiB = value
                default: break
                }
            }
            return settings
        }
    }
}

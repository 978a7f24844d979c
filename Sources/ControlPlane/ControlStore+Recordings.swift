import GRDB
package import TradingModel

/// A row of `recordings`: a tick file that was recorded.
package struct RecordingRow: Equatable, Sendable {
    package var feedName: String
    /// Below the home, `ticks/<yyyy-mm-dd>/<feed>.ticks`.
    package var path: String
    /// Whether the recorder has closed it in order.
    package var isComplete: Bool
    package var recordCount: Int
    package var byteCount: Int
    /// Receive times; `nil` without records.
    package var firstTime: Timestamp?, lastTime: Timestamp?

    package init(
        feedName: String, path: String, isComplete: Bool, recordCount: Int, byteCount: Int,
        firstTime: Timestamp?, lastTime: Timestamp?
    ) {
        self.feedName = feedName
        self.path = path
        self.isComplete = isComplete
        self.recordCount = recordCount
        self.byteCount = byteCount
        self.firstTime = firstTime
        self.lastTime = lastTime
    }
}

extension ControlStore {
    /// All recordings, by path, which is by day.
    package func recordings() throws(ControlError) -> [RecordingRow] {
        try read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT feed_name, path, status, record_count, byte_count, first_time, last_time FROM recordings
                    ORDER BY path
                    """
            ).map { row in
                RecordingRow(
                    feedName: row[0], path: row[1], isComplete: row[2] as String == "complete",
                    recordCount: row[3], byteCount: row[4], firstTime: time(row[5]), lastTime: time(row[6]))
            }
        }
    }

    /// Adds recordings or changes those of the same path.
    package func upsertRecordings(_ rows: [RecordingRow]) throws(ControlError) {
        guard !rows.isEmpty else { return }
        try write(.normal) { database in
            let statement = try database.cachedStatement(
                sql: """
                    INSERT INTO recordings(feed_name, path, status, record_count, byte_count, first_time, last_time)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    ON CONFLICT(path) DO UPDATE SET feed_name = excluded.feed_name, status = excluded.status,
                        record_count = excluded.record_count, byte_count = excluded.byte_count,
                        first_time = excluded.first_time, last_time = excluded.last_time
                    WHERE (status, record_count, byte_count) IS NOT
                        (excluded.status, excluded.record_count, excluded.byte_count)
                    """)
            for row in rows {
                try statement.execute(arguments: [
                    row.feedName, row.path, row.isComplete ? "complete" : "recording", row.recordCount,
                    row.byteCount, row.firstTime?.description, row.lastTime?.description,
                ])
            }
        }
    }

    /// Forgets recordings whose files are gone.
    package func removeRecordings(_ paths: [String]) throws(ControlError) {
        guard !paths.isEmpty else { return }
        try write(.normal) { database in
            let statement = try database.cachedStatement(sql: "DELETE FROM recordings WHERE path = ?")
            for path in paths { try statement.execute(arguments: [path]) }
        }
    }
}

private func time(_ text: String?) -> Timestamp? { text.flatMap { Timestamp(iso8601: $0) } }

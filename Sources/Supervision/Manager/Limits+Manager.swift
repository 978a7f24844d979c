extension Limits {
    /// Writes that wait for the database; above it samples are dropped, everything else is kept.
    static let storeWritesMax = 100_000

    /// Bytes of a journal read and stored at once, about 2,000 records.
    static let journalReadBytes = 256 << 10

    /// Bytes of a journal read at once when one record is longer than that; a record has at most 16 MiB.
    static let journalReadBytesMax = 17 << 20

    /// The time between two looks into the journals.
    static let ingestionInterval: Duration = .milliseconds(200)

    /// Journal records stored in one transaction, about; the rest goes into the next one.
    static let ingestionEntriesMax = 4_000

    /// The time until a refused write is tried again.
    static let storeRetryInterval: Duration = .milliseconds(100)

    /// The time between two looks at the size of the write-ahead log.
    static let checkpointInterval: Duration = .seconds(1)

    /// The time between two deletions of old samples, 1,000 rows of each table at most.
    static let retentionInterval: Duration = .seconds(5)

    /// How long samples of processes are kept.
    static let processMetricsKept: Duration = .seconds(86_400)

    /// How long metrics of strategies are kept once a second; then once a minute.
    static let strategyMetricsDense: Duration = .seconds(3_600)

    /// How long metrics of strategies are kept.
    static let strategyMetricsKept: Duration = .seconds(30 * 86_400)

    /// A pause of the manager's loop that shifts the deadlines of all processes.
    static let managerStall: Duration = .seconds(2)

    /// The time between two samples of CPU and memory.
    static let sampleInterval: Duration = .seconds(2)

    /// How long a process of an earlier manager may take to end before it is killed, and then to vanish.
    package static let leftOverStop: Duration = .seconds(10)
}

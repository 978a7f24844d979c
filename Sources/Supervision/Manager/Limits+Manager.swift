extension Limits {
    /// Writes that wait for the database; above it samples are dropped, and of several states of one thing only the last
    /// is kept, so that what waits is bounded by the number of strategies and of open commands.
    static let storeWritesMax = 50_000

    /// Bytes of a journal read and stored at once, about 1,200 records.
    static let journalReadBytes = 128 << 10

    /// Bytes of a journal read at once when one record is longer than that; a record has at most 16 MiB.
    static let journalReadBytesMax = 17 << 20

    /// The time between two looks into the journals.
    static let ingestionInterval: Duration = .milliseconds(200)

    /// Journal records stored in one transaction, about; the rest goes into the next one.
    static let ingestionEntriesMax = 4_000

    /// The time until a refused write is tried again.
    static let storeRetryInterval: Duration = .milliseconds(100)

    /// The time until the write-ahead log is looked at again after a checkpoint that a reader kept from being complete.
    static let checkpointInterval: Duration = .milliseconds(10)

    /// The time between two looks at the version of the database's schema.
    static let versionCheckInterval: Duration = .seconds(1)

    /// The time between two deletions of old samples, 1,000 rows of each table at most.
    static let retentionInterval: Duration = .seconds(5)

    /// Deletions of old samples until old commands and instances are deleted as well.
    static let retentionsPerLongOne = 12

    /// A pause of the manager's loop that shifts the deadlines of all processes.
    static let managerStall: Duration = .seconds(2)

    /// The time between two questions to the bus.
    static let busQuestionInterval: Duration = .milliseconds(500)

    /// The silence of the bus from which on deadlines of others stand still.
    static let busSilence: Duration = .milliseconds(1_500)

    /// The time between two samples of CPU and memory.
    static let sampleInterval: Duration = .seconds(2)

    /// What a strategy adds to that time, so that a hundred processes a second are looked at and not more.
    static let sampleIntervalPerProcess: Duration = .milliseconds(10)

    /// How long an order gateway may take to answer the manager.
    static let gatewaySeconds: Int64 = 10

    /// How often the manager asks a gateway that cannot be reached to take the orders of a dead strategy back, once a
    /// second; then it raises an alarm.
    static let gatewayAttemptsMax = 60

    /// How long a flatten waits for a strategy before its health decides whether its order gateway is asked instead.
    static let flattenAnswerSeconds: Int64 = 5

    /// How long a stop that comes before the configuration could be read waits for it.
    static let deferredStopSeconds: Int64 = 5
}

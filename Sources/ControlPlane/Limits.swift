/// The bounds of this module, and what happens at each.
package enum Limits {
    /// How long a client's statement waits for another writer before it fails with `busy`.
    package static let clientBusyTimeoutMilliseconds = 5_000
    /// The same for the manager, which must not stand still: it keeps the work and tries again later.
    package static let managerBusyTimeoutMilliseconds = 100
    /// Pages in the write-ahead log from which the manager checkpoints; with the largest transaction on top it stays
    /// below the 1,000 at which a shell would.
    package static let checkpointPages = 300
    /// The write-ahead log is cut back to this many bytes when it starts over: as many pages of 4,096 bytes and their
    /// headers as make the manager checkpoint, so that a larger file tells that it is time to.
    package static let walBytesMax = Int64(checkpointPages * 4_120)
    /// Commands accepted in one transaction; the rest waits for the next call.
    package static let commandsPerAcceptanceMax = 1_000
    /// Journal entries that callers should pass to one `ingest`, so that its transaction stays near 20 ms.
    package static let entriesPerIngestion = 2_000
    /// Rows of metrics that one thinning step looks at.
    static let metricsPerThinning = 5_000
    /// Rows that one retention step deletes.
    package static let rowsPerRetentionStep = 1_000
    /// Rows that a list of events, commands or fills returns at most; more is refused by a precondition.
    package static let rowsPerListMax = 100_000
    /// Characters kept of an error text, a reason or log lines; the rest is cut off.
    package static let textCharactersMax = 16_384
    /// The longest file name inside the run directory.
    package static let socketNameBytesMax = 48
    /// How often the change watcher looks at the database when nothing else told it to.
    package static let pollInterval: Duration = .milliseconds(20)
    /// How long after a file event the watcher keeps looking for the commit that follows it.
    package static let commitWindow: Duration = .milliseconds(25)
    /// Trades of a backtest that are inserted in one transaction; more take several.
    static let backtestTradesPerTransaction = 5_000
    /// Deliveries of alerts that wait; beyond it the oldest is given up.
    package static let alertDeliveriesMax = 1_000
}

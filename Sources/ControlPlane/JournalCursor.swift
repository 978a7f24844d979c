/// How far a strategy's journal was copied into the database.
package struct JournalCursor: Hashable, Sendable {
    /// The number of the journal file.
    package var fileNumber: UInt32
    /// The first byte of the file that was not read yet.
    package var offset: UInt64
    /// The epoch of the last record that was copied; 0 before the first.
    package var epoch: UInt32
    /// Its sequence; 0 before the first.
    package var sequence: UInt64

    package init(fileNumber: UInt32, offset: UInt64, epoch: UInt32, sequence: UInt64) {
        self.fileNumber = fileNumber
        self.offset = offset
        self.epoch = epoch
        self.sequence = sequence
    }

    /// Whether a record was copied already (or belongs to an epoch that is over).
    package func covers(epoch: UInt32, sequence: UInt64) -> Bool {
        (epoch, sequence) <= (self.epoch, self.sequence)
    }
}

/// What an ingestion wrote.
package struct IngestionCount: Equatable, Sendable {
    package var orders = 0
    package var orderUpdates = 0
    package var fills = 0
    /// Entries that had been copied before.
    package var skipped = 0

    package init() {}
}

import GRDB
package import TradingModel

extension ControlStore {
    /// How far a strategy's journal was copied; `nil` before the first time.
    package func journalCursor(_ strategyID: String) throws(ControlError) -> JournalCursor? {
        try read { try ControlStore.journalCursor($0, strategyID) }
    }

    /// Copies journal entries into orders, fills and positions and moves the cursor, in one transaction that
    /// is on disk when this returns.
    ///
    /// Exactly once: entries at or below the stored cursor are skipped, so repeating a call, or part of it
    /// after a crash, changes nothing. The stored cursor never goes back.
    ///
    /// - Parameters:
    ///   - entries: in the order of the journal; some 2,000 at a time.
    ///   - cursor: where reading goes on after them.
    /// - Throws: `notFound` when no strategy has this id.
    @discardableResult
    package func ingest(
        strategyID: String, entries: [JournalEntry], cursor: JournalCursor
    ) throws(ControlError) -> IngestionCount {
        try write { database in
            let isKnown = try Bool.fetchOne(
                database, sql: "SELECT EXISTS (SELECT 1 FROM strategy_configs WHERE id = ?)",
                arguments: [strategyID])
            guard isKnown == true else {
                throw ControlError(.notFound, "there is no strategy with the id \(strategyID)")
            }
            let stored = try ControlStore.journalCursor(database, strategyID)
            var count = IngestionCount()
            var reached = stored ?? JournalCursor(fileNumber: 0, offset: 0, epoch: 0, sequence: 0)
            try strategyID.withCString { id in
                let statements = try IngestionStatements(database, strategyID: id)
                defer { statements.finish() }
                var changes = JournalChanges()
                for entry in entries {
                    if reached.covers(epoch: entry.epoch, sequence: entry.sequence) {
                        count.skipped += 1
                        continue
                    }
                    try ControlStore.copy(database, entry, strategyID, statements, &changes, &count)
                    reached.epoch = entry.epoch
                    reached.sequence = entry.sequence
                }
                try changes.write(statements)
            }
            if (cursor.fileNumber, cursor.offset) > (reached.fileNumber, reached.offset) {
                reached.fileNumber = cursor.fileNumber
                reached.offset = cursor.offset
            }
            if !reached.covers(epoch: cursor.epoch, sequence: cursor.sequence) {
                reached.epoch = cursor.epoch
                reached.sequence = cursor.sequence
            }
            if reached != stored { try ControlStore.setJournalCursor(database, strategyID, reached) }
            return count
        }
    }

    private static func copy(
        _ database: Database, _ entry: JournalEntry, _ strategyID: String, _ statements: IngestionStatements,
        _ changes: inout JournalChanges, _ count: inout IngestionCount
    ) throws {
        switch entry.record {
        case .fill(let fill):
            guard try statements.insert(fill, entry) else { return }
            changes.positions.add(fill, entry)
            count.fills += 1
        case .orderUpdated(let update):
            changes.orders.update(update, entry)
            count.orderUpdates += 1
        case .orderSubmitted(let order):
            changes.orders.submit(order, entry)
            count.orders += 1
        case .orderModified(let change):
            changes.orders.modify(change, entry)
            count.orderUpdates += 1
        case .checkpoint(let snapshot):
            try changes.write(statements)
            for position in snapshot.positions { try statements.set(position, entry) }
            for order in snapshot.openOrders { changes.orders.submit(order, entry) }
        case .sessionStarted(let session):
            try updateInstance(database, strategyID, entry, "seed", Int64(bitPattern: session.seed))
        case .parametersChanged(let json):
            try updateInstance(database, strategyID, entry, "parameters_json", json)
        case .sessionEnded(let end):
            try updateInstance(database, strategyID, entry, "order_log_hash", hexadecimal(end.orderLogHash))
        case .stateSaved, .input, .tradingStateChanged:
            // Of use to its next process and to a replay only, which read the journal; of a halt the manager is told.
            break
        }
    }

    private static func updateInstance(
        _ database: Database, _ strategyID: String, _ entry: JournalEntry, _ column: String,
        _ value: any DatabaseValueConvertible
    ) throws {
        try database.execute(
            sql: "UPDATE strategy_instances SET \(column) = ? WHERE strategy_id = ? AND epoch = ?",
            arguments: [value, strategyID, Int64(entry.epoch)])
    }

    private static func journalCursor(_ database: Database, _ strategyID: String) throws -> JournalCursor? {
        let statement = try database.cachedStatement(
            sql: "SELECT file_number, offset, epoch, sequence FROM journal_cursors WHERE strategy_id = ?")
        return try Row.fetchOne(statement, arguments: [strategyID]).map { row in
            JournalCursor(
                fileNumber: row[0], offset: UInt64(row[1] as Int64), epoch: row[2],
                sequence: UInt64(row[3] as Int64))
        }
    }

    private static func setJournalCursor(
        _ database: Database, _ strategyID: String, _ cursor: JournalCursor
    ) throws {
        let statement = try database.cachedStatement(
            sql: """
                INSERT INTO journal_cursors(strategy_id, file_number, offset, epoch, sequence) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT(strategy_id) DO UPDATE SET file_number = excluded.file_number, offset = excluded.offset,
                    epoch = excluded.epoch, sequence = excluded.sequence
                """)
        try statement.execute(arguments: [
            strategyID, Int64(cursor.fileNumber), Int64(cursor.offset), Int64(cursor.epoch),
            Int64(cursor.sequence),
        ])
    }
}

import GRDB
package import TradingModel

extension ControlStore {
    /// All feeds, sorted by name.
    package func feeds() throws(ControlError) -> [FeedRow] {
        try read { database in
            try Row.fetchAll(database, sql: "SELECT \(FeedRow.columns) FROM feeds ORDER BY name")
                .map(FeedRow.init)
        }
    }

    /// A feed by its id or its name; `nil` when there is none.
    package func feed(_ idOrName: String) throws(ControlError) -> FeedRow? {
        try read { try ControlStore.feed($0, idOrName) }
    }

    /// Adds a feed; the database chooses its number.
    @discardableResult
    package func insertFeed(
        name: String, kind: String, configJSON: String = "{}", isEnabled: Bool = true,
        isRecorded: Bool? = nil
    ) throws(ControlError) -> FeedRow {
        try write { database in
            try database.execute(
                sql: "INSERT INTO feeds(name, kind, config_json, enabled, record) VALUES (?, ?, ?, ?, ?)",
                arguments: [name, kind, configJSON, isEnabled, isRecorded])
            return try ControlStore.existingFeed(database, name)
        }
    }

    /// Changes a feed; what is `nil` stays as it is.
    @discardableResult
    package func updateFeed(
        _ idOrName: String, kind: String? = nil, configJSON: String? = nil, isEnabled: Bool? = nil
    ) throws(ControlError) -> FeedRow {
        try write { database in
            let old = try ControlStore.existingFeed(database, idOrName)
            try database.execute(
                sql: "UPDATE feeds SET kind = ?, config_json = ?, enabled = ? WHERE id = ?",
                arguments: [
                    kind ?? old.kind, configJSON ?? old.configJSON, isEnabled ?? old.isEnabled, old.id,
                ])
            return try ControlStore.existingFeed(database, old.id)
        }
    }

    /// Says whether a feed is recorded; `nil` leaves that to the setting `record_by_default`.
    package func setRecording(of idOrName: String, to isRecorded: Bool?) throws(ControlError) {
        try write { database in
            let feed = try ControlStore.existingFeed(database, idOrName)
            try database.execute(
                sql: "UPDATE feeds SET record = ? WHERE id = ?", arguments: [isRecorded, feed.id])
        }
    }

    /// Deletes a feed.
    package func removeFeed(_ idOrName: String) throws(ControlError) {
        try write { database in
            let feed = try ControlStore.existingFeed(database, idOrName)
            try database.execute(sql: "DELETE FROM feeds WHERE id = ?", arguments: [feed.id])
        }
    }

    /// Records what the manager observed of a feed.
    package func setFeedStatus(
        _ id: String, to status: StrategyStatus, reason: String = ""
    ) throws(ControlError) {
        try write { database in
            try database.execute(
                sql: "UPDATE feeds SET status = ?, reason = ? WHERE id = ?",
                arguments: [status.rawValue, reason.lastCharacters, id])
        }
    }

    /// Records how a feed's source and data are.
    package func setFeedHealth(_ id: String, to health: String, detail: String) throws(ControlError) {
        try write(.normal) { database in
            try database.execute(
                sql: "UPDATE feeds SET health = ?, detail = ? WHERE id = ?",
                arguments: [health, detail.lastCharacters, id])
        }
    }

    // MARK: - Instruments

    /// All instruments, sorted by symbol.
    package func instruments() throws(ControlError) -> [Instrument] {
        try read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT token, symbol, category, price_increment_e8, quantity_increment_e8, multiplier_e8, currency
                    FROM instruments ORDER BY symbol
                    """
            ).map(Instrument.init)
        }
    }

    /// Adds instruments or changes those of the same symbol; throws `refused` when a token belongs to another
    /// symbol.
    package func upsertInstruments(_ instruments: [Instrument]) throws(ControlError) {
        guard !instruments.isEmpty else { return }
        try write { database in
            let statement = try database.cachedStatement(
                sql: """
                    INSERT INTO instruments(token, symbol, category, price_increment, quantity_increment, multiplier,
                        currency) VALUES (?, ?, ?, ?, ?, ?, ?)
                    ON CONFLICT(symbol) DO UPDATE SET token = excluded.token, category = excluded.category,
                        price_increment = excluded.price_increment,
                        quantity_increment = excluded.quantity_increment, multiplier = excluded.multiplier,
                        currency = excluded.currency
                    """)
            for instrument in instruments {
                try statement.execute(arguments: [
                    Int64(instrument.token.rawValue), instrument.symbol, instrument.category,
                    instrument.priceIncrement.doubleValue, instrument.quantityIncrement.doubleValue,
                    instrument.multiplier.doubleValue, instrument.currency,
                ])
            }
        }
    }

    // MARK: - Engine information

    /// Sets a fact about the running engine, such as `manager_pid`.
    package func setEngineInfo(_ key: String, _ value: String, at now: Timestamp) throws(ControlError) {
        try write(.normal) { database in
            try database.execute(
                sql: """
                    INSERT INTO engine_info(key, value, updated_at) VALUES (?, ?, ?)
                    ON CONFLICT(key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at
                    """, arguments: [key, value, now.description])
        }
    }

    /// A fact about the engine; `nil` when it was never set.
    package func engineInfo(_ key: String) throws(ControlError) -> String? {
        try read {
            try String.fetchOne($0, sql: "SELECT value FROM engine_info WHERE key = ?", arguments: [key])
        }
    }

    private static func feed(_ database: Database, _ idOrName: String) throws -> FeedRow? {
        try Row.fetchOne(
            database,
            sql: "SELECT \(FeedRow.columns) FROM feeds WHERE id = ?1 OR name = ?1 ORDER BY id <> ?1 LIMIT 1",
            arguments: [idOrName]
        ).map(FeedRow.init)
    }

    private static func existingFeed(_ database: Database, _ idOrName: String) throws -> FeedRow {
        guard let row = try feed(database, idOrName) else {
            throw ControlError(.notFound, "there is no feed \(idOrName): `tradewind feeds` shows them")
        }
        return row
    }
}

extension Instrument {
    fileprivate init(_ row: Row) {
        self.init(
            symbol: row[1], token: InstrumentToken(row[0]), category: row[2],
            priceIncrement: Price(e8: row[3]),
            quantityIncrement: Quantity(e8: row[4]), multiplier: Quantity(e8: row[5]), currency: row[6])
    }
}

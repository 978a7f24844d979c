import ControlPlane
import Foundation
import Testing
import TradingModel

@Suite struct ControlStoreTests {
    private func code(_ body: () throws -> Void) -> ControlError.Code? {
        do {
            try body()
            return nil
        } catch {
            return (error as? ControlError)?.code
        }
    }

    // MARK: - Creating and opening

    @Test func createMakesAPrivateWALDatabaseAndIsIdempotent() throws {
        let home = try TemporaryHome(isInitialized: false)
        #expect(code { _ = try home.open() } == .notInitialized)
        #expect(try ControlStore.create(home.home))
        #expect(try !ControlStore.create(home.home))
        #expect(try home.shell("PRAGMA journal_mode").output == "wal")
        #expect(try home.shell("PRAGMA application_id").output == "\(ControlStore.applicationID)")
        let store = try home.open()
        try store.insertStrategy(NewStrategy(name: "alpha", className: "momentum"))
        for name in ["engine.db", "engine.db-wal", "engine.db-shm"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: home.home.path + "/" + name)
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600, "\(name)")
        }
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: home.home.path).contains("engine.db.new")
                == false)
    }

    @Test func createFromManyThreadsAndShellsMakesOneDatabase() async throws {
        let home = try TemporaryHome(isInitialized: false)
        let directory = home.home
        let madeCount = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 { group.addTask { try ControlStore.create(directory) } }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(madeCount == 1)
        #expect(try home.shell("PRAGMA integrity_check").output == "ok")
    }

    @Test func leftoverOfAnInterruptedCreationIsReplaced() throws {
        let home = try TemporaryHome(isInitialized: false)
        try home.home.create()
        try Data("torn".utf8).write(to: URL(fileURLWithPath: home.home.databasePath + ".new"))
        #expect(try ControlStore.create(home.home))
        #expect(try home.open().strategies().isEmpty)
    }

    @Test func otherFilesAreRefusedWithTheirReason() throws {
        let home = try TemporaryHome(isInitialized: false)
        try home.home.create()
        let url = URL(fileURLWithPath: home.home.databasePath)
        try Data().write(to: url)
        #expect(code { _ = try home.open() } == .notADatabase)
        #expect(code { try ControlStore.create(home.home) } == .notADatabase)
        try Data(repeating: 0x41, count: 8192).write(to: url)
        #expect(code { _ = try home.open() } == .notADatabase)
        try FileManager.default.removeItem(at: url)
        try home.shell("CREATE TABLE other(x); PRAGMA user_version = 1")
        #expect(code { _ = try home.open() } == .notADatabase)
    }

    @Test(arguments: [ControlStore.Access.manager, .client, .reader])
    func databaseOfANewerVersionIsRefused(_ access: ControlStore.Access) throws {
        let home = try TemporaryHome()
        try home.shell("PRAGMA user_version = 99")
        #expect(code { _ = try home.open(access) } == .newerVersion)
    }

    @Test func managerMigratesStepByStepAndOthersWaitForIt() throws {
        let home = try TemporaryHome()
        let newest = try #require(Migration.all.last).version
        let steps =
            Migration.all + [
                Migration(
                    version: newest + 1,
                    sql: "CREATE TABLE extra(x INTEGER) STRICT; INSERT INTO extra VALUES (1)"),
                Migration(version: newest + 2, sql: "INSERT INTO extra VALUES (2)"),
            ]
        let path = home.home.databasePath
        #expect(
            code { _ = try ControlStore(path: path, access: .client, migrations: steps) } == .olderVersion)
        let store = try ControlStore(path: path, access: .manager, migrations: steps)
        #expect(try store.scalar("SELECT sum(x) FROM extra") == 3)
        #expect(try store.scalar("PRAGMA user_version") == Int64(newest + 2))
        _ = try ControlStore(path: path, access: .client, migrations: steps)
    }

    @Test func failedMigrationLeavesTheVersionBeforeIt() throws {
        let home = try TemporaryHome()
        let newest = try #require(Migration.all.last).version
        let steps =
            Migration.all + [
                Migration(version: newest + 1, sql: "CREATE TABLE extra(x); INSERT INTO nothing VALUES (1)")
            ]
        #expect(
            code { _ = try ControlStore(path: home.home.databasePath, access: .manager, migrations: steps) }
                == .database)
        #expect(
            try home.shell("PRAGMA user_version; SELECT count(*) FROM sqlite_schema WHERE name = 'extra'")
                .output == "\(newest)\n0")
    }

    @Test func writerThatMeetsALockFailsAsBusyAndRecovers() throws {
        let home = try TemporaryHome()
        let store = try home.open()
        let shell = try InteractiveShell(home.home.databasePath)
        try shell.ask("BEGIN IMMEDIATE;")
        #expect(code { try store.insertCommand(.stop, strategy: nil, issuer: "test") } == .busy)
        #expect(try store.strategies().isEmpty)
        try shell.ask("COMMIT;")
        try store.insertCommand(.stop, strategy: nil, issuer: "test")
    }

    // MARK: - Strategies

    @Test func strategiesAreFoundByIDAndNameAndSorted() throws {
        let store = try TemporaryHomeStore()
        let beta = try store.store.insertStrategy(NewStrategy(name: "beta", className: "momentum"))
        let alpha = try store.store.insertStrategy(
            NewStrategy(
                id: "a1", name: "alpha", className: "momentum", modulePath: "/bin/desk", isAutoStart: false))
        #expect(try store.store.strategies() == [alpha, beta])
        #expect(try store.store.strategy("a1") == alpha)
        #expect(try store.store.strategy("beta") == beta)
        #expect(try store.store.strategy("gamma") == nil)
        #expect(alpha.desiredState == .stopped && beta.desiredState == .running)
        #expect(alpha.modulePath == "/bin/desk")
        #expect(
            code { try store.store.insertStrategy(NewStrategy(name: "beta", className: "x")) } == .refused)
        #expect(code { try store.store.updateStrategy("gamma", StrategyChange(name: "x")) } == .notFound)
        let changed = try store.store.updateStrategy(
            "alpha", StrategyChange(modulePath: .some(nil), configJSON: #"{"seed": 3}"#))
        #expect(changed.modulePath == nil && changed.configGeneration == 2 && changed.name == "alpha")
        try store.store.removeStrategy("alpha")
        #expect(try store.store.strategies() == [beta])
    }

    @Test func refusedValueThrowsTheSchemasSentence() throws {
        let store = try TemporaryHomeStore()
        let error = #expect(throws: ControlError.self) {
            try store.store.insertStrategy(NewStrategy(name: "a", className: "m", configJSON: "{"))
        }
        #expect(error?.code == .refused)
        #expect(error?.description == "config_json must be valid JSON")
    }

    @Test func statusChangeWritesOneEventAndRefusesRemovalWhileLive() throws {
        let store = try TemporaryHomeStore()
        let id = try store.store.insertStrategy(NewStrategy(name: "a", className: "m")).id
        #expect(try store.store.setStatus(id, to: .starting, reason: "operator", epoch: 1, at: moment()))
        #expect(try store.store.setStatus(id, to: .running, reason: "ready", epoch: 1, at: moment(1)))
        #expect(try !store.store.setStatus(id, to: .running, reason: "again", epoch: 1, at: moment(2)))
        let events = try store.store.events(strategyID: id, limit: 10)
        #expect(events.map(\.toStatus) == [.running, .starting])
        #expect(events.first?.fromStatus == .starting)
        #expect(
            events.first?.time == moment(1) && events.first?.reason == "ready" && events.first?.epoch == 1)
        #expect(try store.store.events(limit: 1).count == 1)
        #expect(code { try store.store.removeStrategy(id) } == .refused)
        try store.store.setStatus(id, to: .stopped, reason: "", at: moment(3))
        try store.store.removeStrategy(id)
        #expect(try store.store.events(limit: 10).isEmpty)
    }

    // MARK: - Instances

    @Test func readsWithinAGroupSeeWhatTheGroupHasWritten() throws {
        let store = try TemporaryHomeStore()
        let id = try store.store.insertStrategy(NewStrategy(name: "a", className: "m")).id
        let instance = NewInstance(
            strategyID: id, epoch: 3, pid: 42, processStartTime: 7, bootID: "b", binaryPath: "/bin/x",
            startedAt: moment())
        try store.store.grouped {
            try store.store.adoptInstance(instance)
            #expect(try store.store.strategy("a")?.id == id)
            try store.store.adoptInstance(instance)
            try store.store.setInstanceBinary(strategyID: id, epoch: 3, sha256: "abc")
            try store.store.noteEvent(id, reason: "health late", epoch: 3, at: moment(1))
        }
        #expect(try store.store.newestInstances().map(\.epoch) == [3])
        #expect(try store.store.newestInstances().first?.binarySHA256 == "abc")
        #expect(try store.store.events(strategyID: id, limit: 1).first?.reason == "health late")
    }

    @Test func epochsCountUpAndAreNeverUsedTwice() throws {
        let store = try TemporaryHomeStore()
        let id = try store.store.insertStrategy(NewStrategy(name: "a", className: "m")).id
        func instance(_ epoch: UInt32?) -> NewInstance {
            NewInstance(
                strategyID: id, epoch: epoch, pid: 42, processStartTime: 7, bootID: "b", binaryPath: "/bin/x",
                startedAt: moment())
        }
        #expect(try store.store.insertInstance(instance(nil)) == 1)
        try store.store.markInstanceReady(strategyID: id, epoch: 1, at: moment(1))
        try store.store.markInstanceReady(strategyID: id, epoch: 1, at: moment(9))
        #expect(try store.store.insertInstance(instance(nil)) == 2)
        #expect(code { try store.store.insertInstance(instance(2)) } == .refused)
        #expect(try store.store.insertInstance(instance(9)) == 9)
        #expect(try store.store.liveInstances().map(\.epoch) == [9])
        try store.store.endInstance(
            strategyID: id, epoch: 9, InstanceEnd(exitSignal: 9, reason: "killed", lastLogLines: "bye"),
            at: moment(5))
        let rows = try store.store.instances(strategyID: id, limit: 3)
        #expect(rows.map(\.epoch) == [9, 2, 1])
        #expect(rows[0].exitSignal == 9 && rows[0].lastLogLines == "bye" && rows[0].endedAt == moment(5))
        #expect(rows[2].readyAt == moment(1) && rows[2].reason == "its end was not observed")
        #expect(try store.store.liveInstances().isEmpty)
        try store.store.ingest(
            strategyID: id, entries: [],
            cursor: JournalCursor(fileNumber: 20, offset: 1, epoch: 20, sequence: 4))
        #expect(try store.store.nextEpoch(strategyID: id) == 21)
    }

    // MARK: - The rest

    @Test func metricsShowNetPnLAsDecimals() throws {
        let store = try TemporaryHomeStore()
        let id = try store.store.insertStrategy(NewStrategy(name: "a", className: "m")).id
        let row = MetricsRow(
            strategyID: id, time: moment(), epoch: 1, positionCount: 1, orderCount: 12, successRate: 0.5,
            realizedPnL: Money(10), unrealizedPnL: Money(e8: -150_000_000), fees: Money(e8: 25_000_000))
        try store.store.insertMetrics([row, MetricsRow(strategyID: "gone", time: moment(), epoch: 1)])
        try store.store.insertProcessMetrics([
            ProcessMetricsRow(
                time: moment(), role: "executor", name: "a", pid: 1, cpuPercent: 1.5, residentBytes: 4)
        ])
        #expect(try store.store.metrics(strategyID: id, limit: 5) == [row])
        #expect(try store.store.latestMetrics() == [row])
        #expect(
            try store.home.shell("SELECT pnl, realized_pnl, unrealized_pnl, fees FROM strategy_metrics")
                .output
                == "8.25|10.0|-1.5|0.25")
        #expect(
            try store.home.shell("SELECT name, pnl, orders, success_rate FROM strategies").output
                == "a|8.25|12|0.5")
        #expect(try store.store.scalar("PRAGMA synchronous") == 1)
        try store.store.insertCommand(.stop, strategy: nil, issuer: "test")
        #expect(try store.store.scalar("PRAGMA synchronous") == 2)
    }

    @Test func metricsThatAreToldAgainAreStoredOnce() throws {
        let store = try TemporaryHomeStore()
        let id = try store.store.insertStrategy(NewStrategy(name: "a", className: "m")).id
        func row(_ second: Int64, epoch: UInt32) -> MetricsRow {
            MetricsRow(strategyID: id, time: moment(second), epoch: epoch)
        }
        try store.store.insertMetrics([row(1, epoch: 1), row(2, epoch: 1), row(2, epoch: 1)])
        try store.store.insertMetrics([row(2, epoch: 1)])
        try store.store.insertMetrics([row(2, epoch: 2), row(2, epoch: 2), row(1, epoch: 2)])
        let stored = try store.store.metrics(strategyID: id, limit: 10)
        #expect(stored == [row(1, epoch: 2), row(2, epoch: 2), row(2, epoch: 1), row(1, epoch: 1)])
    }

    @Test func feedsAndInstrumentsAndFactsAreKept() throws {
        let store = try TemporaryHomeStore()
        let feed = try store.store.insertFeed(name: "file_b", kind: "file", configJSON: #"{"path": "x"}"#)
        #expect(try store.store.insertFeed(name: "file_a", kind: "file").number == 2)
        #expect(try store.store.feeds().map(\.name) == ["file_a", "file_b"])
        try store.store.setFeedStatus(feed.id, to: .running, reason: "ready")
        let changed = try store.store.updateFeed("file_b", configJSON: "{}", isEnabled: false)
        #expect(changed.status == .running && changed.configGeneration == 2 && !changed.isEnabled)
        try store.store.removeFeed("file_a")
        #expect(code { try store.store.removeFeed("file_a") } == .notFound)

        let bitcoin = Instrument(
            symbol: "BTCUSDT", category: "crypto", priceIncrement: Price(e8: 1),
            quantityIncrement: Quantity(e8: 123_457),
            multiplier: Quantity(e8: 12_345_678), currency: "USDT")
        try store.store.upsertInstruments([bitcoin, Instrument(symbol: "AAPL")])
        try store.store.upsertInstruments([bitcoin])
        #expect(try store.store.instruments() == [Instrument(symbol: "AAPL"), bitcoin])
        try store.home.shell("INSERT INTO instruments(symbol) VALUES ('ETHUSDT')")
        #expect(try store.store.instruments().last == Instrument(symbol: "ETHUSDT"))

        #expect(try store.store.engineInfo("version") == nil)
        try store.store.setEngineInfo("version", "1", at: moment())
        try store.store.setEngineInfo("version", "2", at: moment())
        #expect(try store.store.engineInfo("version") == "2")
    }

    @Test func oldMetricsAreThinnedToOneAMinuteAndNewOnesStay() throws {
        let store = try TemporaryHomeStore()
        let id = try store.store.insertStrategy(NewStrategy(name: "a", className: "m")).id
        let begin = try #require(Timestamp(iso8601: "2026-01-05T09:00:00Z"))
        try store.store.insertMetrics(
            (0..<180).map { MetricsRow(strategyID: id, time: begin + .seconds($0), epoch: 1) })
        let end = try store.store.thinMetrics(after: 0, before: begin + .seconds(120)).next
        let left = try store.store.metrics(strategyID: id, limit: 1_000).map(\.time)
        #expect(left.count == 2 + 60)
        #expect(left.suffix(2) == [begin + .seconds(60), begin])
        #expect(try store.store.thinMetrics(after: end, before: begin + .seconds(120)).next == end)
    }

    @Test func retentionDeletesOldRowsInBoundedSteps() throws {
        let store = try TemporaryHomeStore()
        let id = try store.store.insertStrategy(NewStrategy(name: "a", className: "m")).id
        try store.store.insertMetrics(
            (0..<2_500).map { MetricsRow(strategyID: id, time: moment(Int64($0)), epoch: 1) })
        var deleted: [Int] = []
        repeat {
            deleted.append(try store.store.deleteOldRows(from: .strategyMetrics, before: moment(2_400)))
        } while deleted.last == 1_000
        #expect(deleted == [1_000, 1_000, 400])
        #expect(try store.store.scalar("SELECT count(*) FROM strategy_metrics") == 100)
        let command = try store.store.insertCommand(.stop, strategy: nil, issuer: "test")
        try store.store.insertCommand(.stop, strategy: nil, issuer: "test")
        try store.store.finishCommand(command.id, .executed, at: moment())
        for table in ControlStore.RetainedTable.allCases {
            try store.store.deleteOldRows(from: table, before: moment(1))
        }
        #expect(try store.store.scalar("SELECT count(*) FROM strategy_commands") == 1)
    }

    @Test func backupIsACompletePrivateDatabase() throws {
        let store = try TemporaryHomeStore()
        try store.store.insertStrategy(NewStrategy(name: "a", className: "m"))
        let path = store.home.home.backupsDirectory + "/copy.db"
        try store.store.backUp(to: path)
        #expect(try SQLiteShell.run(path, "SELECT name FROM strategies").output.hasPrefix("a"))
        #expect(try SQLiteShell.run(path, "SELECT count(*) FROM strategy_configs").output == "1")
        #expect(code { try store.store.backUp(to: path) } == .refused)
    }

    @Test func managerKeepsTheLogBelowTheShellsCheckpointAndOthersDoNotCheckpoint() throws {
        let store = try TemporaryHomeStore()
        let id = try store.store.insertStrategy(NewStrategy(name: "a", className: "m")).id
        let client = try store.home.open(.client)
        for _ in 0..<600 { try client.insertCommand(.flatten, strategy: id, issuer: "test") }
        #expect(client.walPageCount > 1_000)
        try store.store.setEngineInfo("x", "y", at: moment())
        let checkpoint = try store.store.checkpointIfNeeded()
        #expect(checkpoint.map { $0.walPageCount == $0.copiedPageCount } == true)
        var most = 0
        for _ in 0..<600 {
            try store.store.insertCommand(.flatten, strategy: id, issuer: "test")
            most = max(most, store.store.walPageCount)
            try store.store.checkpointIfNeeded()
        }
        #expect(most < 1_000)
    }

    @Test func queryReadsAViewAsTextAndRefusesToWrite() throws {
        let store = try TemporaryHomeStore()
        for name in ["a", "b", "c"] {
            try store.store.insertStrategy(NewStrategy(name: name, className: "m"))
        }
        let sql = "SELECT name, pid, positions, 0.5 AS half FROM strategies WHERE name > ?"
        let result = try store.home.open(.reader).query(sql, ["a"], limit: 1)
        #expect(result.columns == ["name", "pid", "positions", "half"])
        #expect(result.rows == [["b", nil, "0", "0.5"]])
        #expect(code { _ = try store.store.query("DELETE FROM strategy_configs", limit: 1) } == .refused)
        #expect(try store.store.strategies().count == 3)
    }

    @Test func readerCannotChangeTheFile() throws {
        let store = try TemporaryHomeStore()
        let reader = try store.home.open(.reader)
        try store.store.insertStrategy(NewStrategy(name: "a", className: "m"))
        #expect(try reader.strategies().count == 1)
        #expect(code { _ = try reader.scalar("DELETE FROM strategy_configs RETURNING 1") } == .storage)
        #expect(try reader.strategies().count == 1)
    }
}

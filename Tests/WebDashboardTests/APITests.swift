import ControlPlane
import Foundation
import TestSupport
import Testing
import TradingModel

@testable import WebDashboard

@Suite(.serialized) struct APITests {
    @Test func strategiesShowWhatTheDatabaseKnows() throws {
        let web = try WebHome()
        try web.fill()
        let items = try web.items("/api/v1/strategies")
        #expect(items.compactMap { $0["name"] as? String } == ["earner", "fresh"])
        #expect(items[0]["pnl"] as? String == "4.75" && items[0]["orders_count"] as? Int == 5)
        #expect(items[0]["status"] as? String == "stopped", "no manager and no process: it does not run")
        #expect(items[1]["pnl"] is NSNull)
        let byName = try web.get("/api/v1/strategies/earner")
        let byID = try web.get("/api/v1/strategies/\(try #require(items[0]["id"] as? String))")
        #expect(byName.status == 200 && byName.body == byID.body)
        let curve = try web.items("/api/v1/strategies/earner/curve?points=3")
        #expect(curve.compactMap { $0["pnl"] as? String } == ["0.75", "2.75", "4.75"])
    }

    @Test func pagesGoThroughAllRowsOnce() throws {
        let web = try WebHome()
        try web.fill()
        for path in ["/api/v1/orders?limit=7", "/api/v1/orders?limit=7&strategy=earner"] {
            var ids: [String] = []
            var cursor = ""
            repeat {
                let page = try web.get(path + cursor).object()
                ids += try #require(page["items"] as? [[String: Any]]).compactMap { $0["id"] as? String }
                cursor = (page["next_cursor"] as? String).map { "&cursor=\($0)" } ?? ""
            } while !cursor.isEmpty
            #expect(ids == (1...25).reversed().map { "1-\($0)" }, "\(path)")
        }
        #expect(try web.items("/api/v1/orders?status=filled&side=buy&symbol=ALPHA").count == 12)
        #expect(try web.items("/api/v1/orders?since=1970-01-01T00:00:20Z").count == 6)
        #expect(try web.items("/api/v1/trades?backtest=run-1").count == 1)
        #expect(try web.items("/api/v1/instances?strategy=earner").count == 1)
        let order = try #require(try web.items("/api/v1/orders?limit=1").first)
        #expect(order["price"] as? String == "100.5" && order["symbol"] as? String == "ALPHA")
    }

    @Test(arguments: [
        ("/api/v1/orders?limit=0", 400, "1 to 1000"), ("/api/v1/orders?limit=x", 400, "whole number"),
        ("/api/v1/orders?bogus=1", 400, "unknown parameter bogus"),
        ("/api/v1/orders?limit=1&limit=2", 400, "twice"),
        ("/api/v1/orders?cursor=zzz", 400, "next_cursor"),
        ("/api/v1/orders?cursor=i1.i2.i3", 404, "next_cursor"),
        ("/api/v1/orders?cursor=", 400, "next_cursor"), ("/api/v1/orders?side=", 400, "buy, sell"),
        ("/api/v1/orders?status=maybe", 400, "filled"), ("/api/v1/orders?since=yesterday", 400, "UTC time"),
        ("/api/v1/orders?strategy=nobody", 404, "no strategy nobody"),
        ("/api/v1/trades", 400, "backtest is needed"),
        ("/api/v1/strategies/nobody", 404, "no strategy nobody"),
        ("/api/v1/strategies?x=1", 400, "unknown parameter"),
        ("/api/v1/commands/none", 404, "no command none"),
        ("/api/v1/backtests/none", 404, "no backtest none"),
        ("/api/v1/none", 404, "openapi.json"), ("/api/v1/bus", 404, "manager running"),
        ("/api/v1/strategies/nobody/curve?points=1", 400, "2 to 2000"),
        ("/api/v1/logs/nobody", 404, "no strategy"), ("/api/v1/prices/NONE", 404, "no instrument NONE"),
        ("/api/v1/alerts?state=maybe", 400, "open, cleared"),
        ("/api/v1/alert-rules?kind=mood", 400, "stalled"),
    ])
    func wrongRequestsSayWhatIsWrong(_ path: String, _ status: Int, _ words: String) throws {
        let web = try Self.shared()
        let answer = try web.get(path)
        #expect(answer.status == status, "\(answer.body)")
        #expect(answer.headers["content-type"] == "application/problem+json")
        let object = try answer.object()
        #expect((object["detail"] as? String)?.contains(words) == true, "\(answer.body)")
        #expect(object["status"] as? Int == status)
    }

    @Test(arguments: [
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000Z"),
        ("2026-01-01t00:00:00.5z", "2026-01-01T00:00:00.500Z"),
        ("2026-01-01T05:30:00+05:30", "2026-01-01T00:00:00.000Z"),
        ("2025-12-31T19:00:00-05:00", "2026-01-01T00:00:00.000Z"),
        ("2026-01-01T16:11:00+16:11", "2026-01-01T00:00:00.000Z"),
        ("2025-12-31T00:01:00-23:59", "2026-01-01T00:00:00.000Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"),
        ("0001-01-01T00:00:00Z", "1677-09-21T00:12:43.145Z"),
        ("9999-12-31T23:59:59Z", "2262-04-11T23:47:16.854Z"), ("2026-02-30T00:00:00Z", nil),
        ("0001-02-29T00:00:00Z", nil), ("0001-01-01T00:00:00", "1677-09-21T00:12:43.145Z"), ("", nil),
        ("soon", nil), ("9999", nil),
    ])
    func timesOfTheAPIAreThoseOfRFC3339(_ text: String, _ expected: String?) {
        #expect(Timestamp(rfc3339: text)?.description == expected)
    }

    // MARK: - Commands

    @Test func commandIsInsertedAndFollowed() throws {
        let web = try WebHome()
        try web.fill()
        let answer = try web.post(
            "/api/v1/commands",
            #"{"command": "update", "strategy": "earner", "parameters": {"fast": 12, "rate": 0.5, "size": "1.50"}}"#
        )
        #expect(answer.status == 201, "\(answer.body)")
        let command = try answer.object()
        let id = try #require(command["id"] as? String)
        #expect(answer.headers["location"] == "/api/v1/commands/\(id)")
        #expect(command["status"] as? String == "pending" && command["issuer"] as? String == "web")
        #expect(command["strategy"] as? String == "earner")
        let stored = try SQLiteShell.run(
            "SELECT parameters FROM strategy_commands WHERE id = '\(id)'", on: web.home.databasePath)
        #expect(stored == [#"{"fast":12,"rate":0.5,"size":"1.50"}"#])
        let store = try web.open()
        try store.finishCommand(id, .failed("no such parameter"), at: .epoch)
        try store.close()
        let ended = try web.get("/api/v1/commands/\(id)").object()
        #expect(ended["status"] as? String == "failed" && ended["error"] as? String == "no such parameter")
        let all = try web.post("/api/v1/commands", #"{"command": "pause"}"#).object()
        #expect(all["strategy_id"] is NSNull, "no strategy means all of them")
    }

    @Test func sameIdempotencyKeyGivesTheSameCommand() throws {
        let web = try WebHome()
        try web.fill()
        let key = ["Idempotency-Key": "wish-1"]
        let stop = #"{"command": "stop", "strategy": "earner"}"#
        let first = try web.post("/api/v1/commands", stop, headers: key)
        let again = try web.post("/api/v1/commands", stop, headers: key)
        #expect(first.status == 201 && again.status == 200)
        #expect(try first.object()["id"] as? String == again.object()["id"] as? String)
        let other = try web.post(
            "/api/v1/commands", #"{"command": "start", "strategy": "earner"}"#, headers: key)
        #expect(other.status == 409 && other.body.contains("idempotency_key_reused"))
        #expect(try web.items("/api/v1/commands").count == 6)
        let bad = try web.post(
            "/api/v1/commands", stop, headers: ["Idempotency-Key": String(repeating: "k", count: 200)])
        #expect(bad.status == 400)
    }

    @Test(arguments: [
        ("", 400, "no JSON"), ("{", 400, "no JSON"), ("[]", 400, "another type"), ("{}", 400, "no command"),
        (#"{"command": 1}"#, 400, "command"), (#"{"command": "explode"}"#, 422, "start, stop"),
        (#"{"command": "stop", "strategy": "nobody"}"#, 404, "no strategy nobody"),
        (#"{"command": "stop", "extra": 1}"#, 400, "unknown member extra"),
        (#"{"command": "update", "strategy": "earner"}"#, 422, "update needs parameters"),
        (#"{"command": "update", "strategy": "earner", "parameters": [1]}"#, 422, "object"),
        (#"{"command": "stop", "expires_at": "soon"}"#, 422, "UTC time"),
    ])
    func wrongCommandsSayWhatIsWrong(_ body: String, _ status: Int, _ words: String) throws {
        let web = try Self.shared()
        let answer = try web.post("/api/v1/commands", body)
        #expect(answer.status == status, "\(answer.body)")
        #expect((try answer.object()["detail"] as? String)?.contains(words) == true, "\(answer.body)")
    }

    // MARK: - A database in trouble

    @Test func lockedMissingAndReplacedDatabasesAreToldAndSurvived() throws {
        let web = try WebHome()
        try web.fill()
        #expect(try web.items("/api/v1/strategies").count == 2)
        let path = web.home.databasePath
        for suffix in ["", "-wal", "-shm"] { rename(path + suffix, path + suffix + ".away") }
        let isTold = try waitUntil(seconds: 10) {
            let health = try web.get("/api/v1/health")
            #expect(health.status == 200, "the server is there, and says what is not")
            return (try health.object()["database_problem"] as? String)?.contains("deleted") == true
        }
        #expect(isTold)
        #expect(try web.get("/api/v1/orders").status == 503)
        #expect(try web.items("/api/v1/strategies").count == 2, "what was known is shown")
        #expect(try web.post("/api/v1/commands", #"{"command": "stop"}"#).status == 503)
        let other = HomeDirectory(path: web.directory.file("other"))
        try ControlStore.create(other)
        try FileManager.default.copyItem(atPath: other.databasePath, toPath: path)
        let isNew = try waitUntil(seconds: 10) { try web.items("/api/v1/strategies").isEmpty }
        #expect(isNew, "the new database is read")
        #expect(try web.get("/api/v1/orders").status == 200)
        #expect(try web.get("/api/v1/health").object()["database_problem"] is NSNull)
    }

    @Test func lockedDatabaseDelaysNobodyWhoReads() throws {
        let web = try WebHome()
        try web.fill()
        // A shell that has begun to write and sits there.
        let lock = try ProgramRun(
            "sqlite3",
            [
                web.home.databasePath, "BEGIN IMMEDIATE",
                ".shell touch \(web.directory.file("locked")); sleep 30",
            ])
        #expect(
            waitUntil(seconds: 10) { FileManager.default.fileExists(atPath: web.directory.file("locked")) })
        let start = ContinuousClock.now
        #expect(try web.get("/api/v1/orders").status == 200)
        #expect(try web.get("/api/v1/strategies").status == 200)
        #expect(ContinuousClock.now - start < .seconds(4), "readers do not wait for writers")
        let command = try web.post("/api/v1/commands", #"{"command": "stop"}"#)
        #expect(command.status == 503 && command.headers["retry-after"] != nil, "\(command.body)")
        lock.signal(SIGKILL)
        _ = lock.wait(seconds: 5)
        #expect(try web.post("/api/v1/commands", #"{"command": "stop"}"#).status == 201)
    }

    // MARK: - One server for all wrong requests

    nonisolated(unsafe) private static var made: WebHome?

    /// The tests of this suite run one after another.
    private static func shared() throws -> WebHome {
        if let made { return made }
        let web = try WebHome()
        try web.fill()
        atexit { APITests.made?.stop() }
        made = web
        return web
    }
}

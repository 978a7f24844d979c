import ControlPlane
import Foundation
import TestSupport
import Testing
import TradingModel

/// The commands that list and follow, with all that can be asked of them.
@Suite(.serialized) struct ListingCommandTests {
    struct Query: Sendable, CustomTestStringConvertible {
        var arguments: [String]
        /// Rows of the answer; `nil` when it must be refused.
        var count: Int?
        var exitCode: Int32 = 0
        /// What standard error says.
        var words = ""
        var testDescription: String { arguments.joined(separator: " ") }
    }

    private static func rows(_ count: Int, _ arguments: String...) -> Query {
        Query(arguments: arguments, count: count)
    }

    private static func refused(_ exitCode: Int32, _ words: String, _ arguments: String...) -> Query {
        Query(arguments: arguments, exitCode: exitCode, words: words)
    }

    static let queries: [Query] = [
        rows(25, "orders"), rows(7, "orders", "-n", "7"), rows(25, "orders", "--strategy", "earner"),
        rows(0, "orders", "--strategy", "fresh"), rows(25, "orders", "--symbol", "ALPHA"),
        rows(0, "orders", "--symbol", "BETA"), rows(13, "orders", "--status", "canceled"),
        rows(6, "orders", "--since", "1970-01-01T00:00:20Z"),
        rows(3, "orders", "--since", "1970-01-01T00:00:20Z", "--status", "filled", "--symbol", "ALPHA"),
        rows(3, "fills"), rows(1, "fills", "-n", "1"), rows(3, "fills", "--strategy", "earner"),
        rows(0, "fills", "--symbol", "BETA"), rows(2, "fills", "--since", "1970-01-01T00:00:02Z"),
        rows(1, "positions"), rows(1, "positions", "--flat"), rows(1, "positions", "--strategy", "earner"),
        rows(0, "positions", "--strategy", "fresh"), rows(1, "positions", "--symbol", "ALPHA"),
        rows(2, "events"), rows(2, "events", "--strategy", "earner"), rows(1, "events", "-n", "1"),
        rows(0, "events", "--since", "2030-01-01T00:00:00Z"), rows(1, "alerts"),
        rows(1, "alerts", "--open"), rows(0, "alerts", "--rule", "other"),
        rows(1, "alerts", "--strategy", "earner"), rows(0, "alerts", "--since", "2030-01-01T00:00:00Z"),
        rows(5, "metrics", "earner"), rows(5, "metrics", "earner", "--field", "equity"),
        refused(66, "no strategy nobody", "orders", "--strategy", "nobody"),
        refused(66, "no strategy nobody", "metrics", "nobody"),
        refused(64, "UTC time", "fills", "--since", "yesterday"),
        refused(64, "1 to 100000", "fills", "-n", "0"), refused(64, "1 to 100000", "orders", "-n", "100001"),
        refused(64, "--symbol is not for this command", "events", "--symbol", "ALPHA"),
        refused(64, "Unknown option", "fills", "--status", "filled"),
        refused(64, "one of", "metrics", "earner", "--field", "mood"),
    ]

    @Test(arguments: queries)
    func answerIsTheSameAsTableJSONAndCSV(_ query: Query) throws {
        let path = try Self.home().home.path
        let json = try TradewindProgram.run(query.arguments + ["--json"], home: path)
        let csv = try TradewindProgram.run(query.arguments + ["--csv"], home: path)
        let table = try TradewindProgram.run(query.arguments, home: path)
        for result in [json, csv, table] {
            #expect(result.exitCode == query.exitCode, "\(result)")
            #expect(query.words.isEmpty || result.errors.contains(query.words), "\(result)")
        }
        guard let count = query.count else { return }
        let found = try #require(
            JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]])
        #expect(found.count == count)
        let lines = csv.output.split(separator: "\n")
        #expect(lines.count == count + 1, "a line of headings and the rows")
        if let first = found.first {
            #expect(Set(lines[0].split(separator: ",").map(String.init)) == Set(first.keys))
        }
        guard query.arguments[0] != "metrics" else { return #expect(table.output.contains("│")) }
        #expect(table.output.split(separator: "\n").count == (count == 0 ? 0 : count + 1))
        if count == 0 { #expect(!table.errors.isEmpty, "nothing is said to be nothing") }
    }

    @Test func statusIsWatched() throws {
        let web = try WebHome(isStarted: false)
        let earner = try web.fill()
        let run = try TradewindProgram.start("status", "--watch", home: web.home.path)
        #expect(waitUntil(seconds: 20) { run.standardOutput.contains("manager not running") })
        let store = try web.open()
        try store.setStatus(earner.id, to: .error, reason: "seen by the watch", at: .epoch)
        try store.close()
        #expect(waitUntil(seconds: 20) { run.standardOutput.contains("seen by the watch") })
        #expect(!run.standardOutput.contains("\u{1b}"), "no terminal, no signs for one")
        run.signal(SIGTERM)
        #expect(run.wait(seconds: 10) == 128 + SIGTERM)
        let json = try TradewindProgram.start("status", "--watch", "--json", home: web.home.path)
        #expect(waitUntil(seconds: 20) { json.standardOutput.components(separatedBy: "\"home\"").count > 2 })
        json.signal(SIGTERM)
        _ = json.wait(seconds: 10)
    }

    @Test func logIsFollowedOverItsReplacement() throws {
        let web = try WebHome(isStarted: false)
        try web.fill()
        let path = web.home.logPath("earner")
        try (1...30).map { "line \($0)\n" }.joined().write(toFile: path, atomically: false, encoding: .utf8)
        let run = try TradewindProgram.start("logs", "earner", "-f", "-n", "2", home: web.home.path)
        #expect(waitUntil(seconds: 20) { run.standardOutput == "line 29\nline 30\n" })
        let handle = try #require(FileHandle(forWritingAtPath: path))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("added\n".utf8))
        #expect(waitUntil(seconds: 10) { run.standardOutput.hasSuffix("added\n") })
        try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
        try "new file\n".write(toFile: path, atomically: false, encoding: .utf8)
        #expect(waitUntil(seconds: 10) { run.standardOutput.hasSuffix("new file\n") })
        run.signal(SIGTERM)
        _ = run.wait(seconds: 10)
        let missing = try TradewindProgram.run("logs", "nobody", home: web.home.path)
        #expect(missing.exitCode == 66 && missing.errors.contains("there are: earner"), "\(missing)")
    }

    @Test func fiveHundredStrategiesAreListed() throws {
        let web = try WebHome(isStarted: false)
        try SQLiteShell.run(
            """
            INSERT INTO strategy_configs(name, class_name, desired_state)
            SELECT printf('s%03d', value), 'crossing', 'stopped' FROM generate_series(1, 500);
            """, on: web.home.databasePath)
        let list = try TradewindProgram.run("strategies", "list", home: web.home.path)
        #expect(list.output.split(separator: "\n").count == 501)
        let status = try TradewindProgram.run("status", home: web.home.path)
        #expect(status.output.contains("s001") && status.output.contains("s500"))
        let top = try TradewindProgram.run("top", home: web.home.path)
        #expect(top.exitCode == 0 && top.output.contains("s001") && top.output.contains("s500"))
    }

    @Test func relativeCommandOfARuleIsStoredAsAnAbsolutePath() throws {
        let web = try WebHome(isStarted: false)
        let directory = try TemporaryDirectory()
        let script = directory.file("page.sh")
        try Data("#!/bin/sh\n".utf8).write(to: URL(fileURLWithPath: script))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script)
        let shell = try ProgramRun(
            "/bin/sh",
            [
                "-c", #"cd "$1" && exec "$2" alerts add d --kind disk --threshold 5 --command ./page.sh ./x"#,
                "sh", URL(fileURLWithPath: script).deletingLastPathComponent().path, TradewindProgram.path,
            ], environment: ["TRADEWIND_HOME": web.home.path])
        #expect(shell.wait() == 0, "\(shell.standardError)")
        let stored = try ControlStore.open(web.home, access: .reader).alertRules().first { $0.name == "d" }
        let json = try #require(stored?.commandJSON)
        let command = try JSONDecoder().decode([String].self, from: Data(json.utf8))
        #expect(command.count == 2 && command[0].hasPrefix("/") && command[0].hasSuffix("/page.sh"))
        #expect(!command[0].contains("/./") && command[1] == "./x")
    }

    nonisolated(unsafe) private static var made: WebHome?

    /// One home for all questions; the tests of this suite run one after another.
    private static func home() throws -> WebHome {
        if let made { return made }
        let web = try WebHome(isStarted: false)
        try web.fill()
        atexit { ListingCommandTests.made = nil }
        made = web
        return web
    }
}

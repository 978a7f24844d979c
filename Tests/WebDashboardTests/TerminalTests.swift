import ControlPlane
import Foundation
import TestSupport
import Testing
import TradingModel

/// `tradewind top` and the commands that list rows, as a person at a terminal uses them.
@Suite(.serialized) struct TerminalTests {
    private static let hasTmux = FileManager.default.isExecutableFile(atPath: "/usr/bin/tmux")

    private func tmux(_ arguments: String...) throws -> String {
        let run = try ProgramRun("tmux", ["-L", "tw-\(getpid())"] + arguments)
        _ = run.wait(seconds: 20)
        return run.standardOutput
    }

    private func screen() throws -> String { try tmux("capture-pane", "-p", "-t", "top") }

    @Test(.enabled(if: hasTmux, "there is no tmux here"))
    func topIsLiveSteersAndGivesTheTerminalBack() throws {
        let web = try WebHome(isStarted: false)
        try web.fill()
        _ = try tmux("new-session", "-d", "-s", "top", "-x", "160", "-y", "30", "sh")
        defer { _ = try? tmux("kill-server") }
        func type(_ text: String) throws { _ = try tmux("send-keys", "-t", "top", text) }
        let command = "\(TradewindProgram.path) top --home \(web.home.path); echo ended $?"
        _ = try tmux("send-keys", "-t", "top", command, "Enter")
        #expect(
            try waitUntil(seconds: 20) { try screen().contains("earner") && screen().contains("NO MANAGER") })
        try type("P")
        #expect(try waitUntil(seconds: 10) { try screen().contains("pause earner?") })
        try type("y")
        let isSent = try waitUntil(seconds: 10) {
            try SQLiteShell.run(
                "SELECT command FROM strategy_commands WHERE issuer = 'top'", on: web.home.databasePath) == [
                    "pause"
                ]
        }
        #expect(isSent)
        try type("q")
        #expect(try waitUntil(seconds: 10) { try screen().contains("ended 0") })
        #expect(try !screen().contains("NO MANAGER"), "the former screen is back")
        // A signal gives the terminal back as well.
        _ = try tmux("send-keys", "-t", "top", "clear; \(command)", "Enter")
        #expect(try waitUntil(seconds: 20) { try screen().contains("NO MANAGER") })
        let top = try topProcess()
        kill(top, SIGTERM)
        #expect(try waitUntil(seconds: 10) { try screen().contains("ended 143") })
        try type("echo so")
        _ = try tmux("send-keys", "-t", "top", "", "Enter")
        #expect(try waitUntil(seconds: 10) { try screen().contains("echo so\nso") }, "keys are shown again")
    }

    @Test(.enabled(if: hasTmux, "there is no tmux here"))
    func topFitsEverySizeAndGivesTheTerminalBackAfterEverySignal() throws {
        let web = try WebHome(isStarted: false)
        try web.fill()
        _ = try tmux("new-session", "-d", "-s", "top", "-x", "80", "-y", "24", "sh")
        defer { _ = try? tmux("kill-server") }
        _ = try tmux("set-option", "-t", "top", "status", "off")
        let command = "clear; \(TradewindProgram.path) top --home \(web.home.path); echo ended $?"
        _ = try tmux("send-keys", "-t", "top", command, "Enter")
        #expect(try waitUntil(seconds: 20) { try screen().contains("NO MANAGER") })
        for (width, height) in [(200, 50), (20, 5), (80, 24)] {
            _ = try tmux("resize-window", "-t", "top", "-x", "\(width)", "-y", "\(height)")
            let isDrawn = try waitUntil(seconds: 10) {
                let lines = try screen().split(separator: "\n", omittingEmptySubsequences: false)
                let isFilled = lines.first { $0.contains("q quit") || $0.hasPrefix("q ") } != nil
                return lines.count <= height + 1 && lines.allSatisfy { $0.count <= width }
                    && (isFilled || height < 10) && lines[0].contains("adewind")
            }
            let seen = try screen()
            #expect(isDrawn, "\(width) x \(height): \(seen)")
        }
        for number in [SIGHUP, SIGINT, SIGQUIT, SIGABRT, SIGSEGV, SIGUSR1, SIGALRM, SIGILL] {
            let pid = try topProcess()
            kill(pid, number)
            #expect(
                try waitUntil(seconds: 10) { try screen().contains("ended \(128 + number)") }, "\(number)")
            #expect(try !screen().contains("NO MANAGER"), "the former screen is back after signal \(number)")
            _ = try tmux("send-keys", "-t", "top", "stty -a | tr ' ' '_'", "Enter")
            #expect(
                try waitUntil(seconds: 10) {
                    try screen().contains("_echo_") && screen().contains("_icanon_")
                },
                "the terminal's settings are back after signal \(number)")
            _ = try tmux("send-keys", "-t", "top", command, "Enter")
            #expect(try waitUntil(seconds: 20) { try screen().contains("NO MANAGER") })
        }
        _ = try tmux("send-keys", "-t", "top", "q", "")
        #expect(try waitUntil(seconds: 10) { try screen().contains("ended 0") })
    }

    private func topProcess() throws -> Int32 {
        let shell = try tmux("list-panes", "-t", "top", "-F", "#{pane_pid}").trimmingCharacters(
            in: .whitespacesAndNewlines)
        let child = try ProgramRun("pgrep", ["-P", shell])
        _ = child.wait(seconds: 5)
        return try #require(Int32(child.standardOutput.trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    @Test func topWithoutATerminalIsText() throws {
        let web = try WebHome(isStarted: false)
        try web.fill()
        let result = try TradewindProgram.run("top", home: web.home.path)
        #expect(result.exitCode == 0 && result.output.contains("earner") && !result.output.contains("\u{1b}"))
    }

    @Test func rowsComeAsTableJSONAndCSV() throws {
        let web = try WebHome(isStarted: false)
        try web.fill()
        func run(_ arguments: String...) throws -> TradewindProgram.Result {
            try TradewindProgram.run(arguments, home: web.home.path)
        }
        let table = try run("orders", "--strategy", "earner", "-n", "3").output.split(separator: "\n")
        #expect(table.count == 4 && table[0].hasPrefix("created_at") && table[3].contains("1-25"))
        let json = try run("orders", "--status", "filled", "--json").output
        let rows = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [[String: Any]])
        #expect(rows.count == 12 && rows[0]["price"] as? String == "100.5")
        let csv = try run("fills", "--csv").output.split(separator: "\n")
        #expect(csv.count == 4 && csv[0].hasPrefix("time,strategy,order_id"))
        #expect(try run("positions").output.contains("100.5"))
        #expect(try run("events", "--strategy", "earner").output.contains("ready"))
        #expect(try run("metrics", "earner").output.contains("│"))
        #expect(try run("metrics", "earner", "--csv", "--field", "equity").output.hasPrefix("time,equity"))
        #expect(try run("orders", "--strategy", "nobody").exitCode == 66)
        #expect(try run("orders", "--json", "--csv").exitCode == 64)
        #expect(try run("orders", "--since", "yesterday").exitCode == 64)
        #expect(try run("metrics", "earner", "--field", "mood").exitCode == 64)
    }

    @Test func eventsAreFollowed() throws {
        let web = try WebHome(isStarted: false)
        let earner = try web.fill()
        let run = try TradewindProgram.start("events", "-f", home: web.home.path)
        #expect(waitUntil(seconds: 20) { run.standardOutput.contains("ready") })
        let store = try web.open()
        try store.noteEvent(earner.id, reason: "noted in the test", epoch: 1, at: .epoch)
        try store.close()
        #expect(waitUntil(seconds: 10) { run.standardOutput.contains("noted in the test") })
        run.signal(SIGTERM)
        _ = run.wait(seconds: 10)
    }
}

import Foundation
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Quiet, stale, disconnected and dead are four things, and everybody who should learns which one it is.
@Suite(.serialized) struct FeedHealthTests {
    private func health(_ engine: EngineHome, _ expected: String) throws {
        let reached = try waitUntil(seconds: 20) {
            try engine.value("SELECT health FROM feeds;") == expected
        }
        #expect(reached, "not \(expected): \(engine.log)")
    }

    @Test func statesOfAFeedReachTheTableTheListAndTheStrategies() throws {
        let engine = try EngineHome(seconds: 5)
        let path = engine.directory.file("in.sock")
        try engine.command(
            "feeds", "add", "desk", "--kind", "socket", "--set", "address=unix:\(path)", "--set",
            "symbols=ALPHA,BETA", "--set", "preset=trades", "--set", "stale_after=ALPHA=2", "--set",
            "quiet_after=1")
        try engine.addStrategy(
            "witness", "witness", "--instrument", "ALPHA", "--module", FaultProgram.path)
        try engine.start(waitingFor: ["witness"])
        func told(_ text: String) -> Bool {
            waitUntil(seconds: 20) {
                let log = try? String(contentsOfFile: engine.home + "/logs/witness.log", encoding: .utf8)
                return log?.contains(text) ?? false
            }
        }
        try health(engine, "disconnected")
        var peer: FeedSender? = try FeedSender(socket: path)
        peer?.send("ts,symbol,price,qty\n1700000000000,ALPHA,1,1\n")
        #expect(told("status connected feed"))
        try health(engine, "quiet")
        try health(engine, "stale")
        #expect(told("status stale ALPHA"))
        #expect(try engine.command("feeds", "list").contains("no data of ALPHA"))
        #expect(try engine.command("status").contains("stale"))
        peer?.send("1700000000001,ALPHA,2,1\n")
        #expect(told("status fresh ALPHA"))
        peer = nil
        #expect(told("status disconnected feed"))
        try health(engine, "disconnected")

        // A feed that is dead: its process gives no sign of life any more, then there is none.
        let second = try FeedSender(socket: path)
        second.send("ts,symbol,price,qty\n1700000000000,BETA,1,1\n")
        let feed = try engine.lockHolder("feed-" + engine.feedID())
        let before = try String(contentsOfFile: engine.home + "/logs/witness.log", encoding: .utf8)
        kill(feed, SIGSTOP)
        try health(engine, "late")
        kill(feed, SIGKILL)
        let isMourned = waitUntil(seconds: 20) {
            let log = try? String(contentsOfFile: engine.home + "/logs/witness.log", encoding: .utf8)
            return log?.dropFirst(before.count).contains("status disconnected feed") ?? false
        }
        #expect(isMourned, "\(engine.log)")
        try health(engine, "disconnected")
        withExtendedLifetime(second) {}
        #expect(engine.stop() == 0)
        #expect(try engine.value("SELECT health FROM feeds;") == "")
    }
}

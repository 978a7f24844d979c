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
    private func connect(_ path: String) throws -> Int32 {
        #if os(Linux)
            let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        #else
            let descriptor = socket(AF_UNIX, SOCK_STREAM, 0)
        #endif
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let isConnected = waitUntil(seconds: 20) {
            withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Foundation.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
                }
            }
        }
        try #require(isConnected, "nobody listens on \(path)")
        return descriptor
    }

    private func send(_ text: String, to descriptor: Int32) {
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    }

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
        let peer = try connect(path)
        send("ts,symbol,price,qty\n1700000000000,ALPHA,1,1\n", to: peer)
        #expect(told("status connected feed"))
        try health(engine, "quiet")
        try health(engine, "stale")
        #expect(told("status stale ALPHA"))
        #expect(try engine.command("feeds", "list").contains("no data of ALPHA"))
        #expect(try engine.command("status").contains("stale"))
        send("1700000000001,ALPHA,2,1\n", to: peer)
        #expect(told("status fresh ALPHA"))
        close(peer)
        #expect(told("status disconnected feed"))
        try health(engine, "disconnected")

        // A feed that is dead: its process gives no sign of life any more, then there is none.
        let second = try connect(path)
        send("ts,symbol,price,qty\n1700000000000,BETA,1,1\n", to: second)
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
        close(second)
        try health(engine, "disconnected")
        #expect(engine.stop() == 0)
        #expect(try engine.value("SELECT health FROM feeds;") == "")
    }
}

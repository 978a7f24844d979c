import Foundation
import Synchronization
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A strategy that starts in the middle of the day has seen every record once when it is at the live edge.
@Suite(.serialized) struct LateJoinTests {
    /// Sends trades whose prices count up from 1, about 5,000 a second, until it is told to stop.
    private final class Sender: Sendable {
        private let isStopping = Mutex(false)
        private let sent = Mutex(0)
        private let ended = DispatchSemaphore(value: 0)

        var count: Int { sent.withLock { $0 } }

        init(path: String) throws {
            #if os(Linux)
                let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            #else
                let descriptor = socket(AF_UNIX, SOCK_STREAM, 0)
            #endif
            let isConnected = waitUntil(seconds: 20) {
                var address = sockaddr_un()
                address.sun_family = sa_family_t(AF_UNIX)
                withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
                return withUnsafePointer(to: &address) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        Foundation.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
                    }
                }
            }
            try #require(isConnected, "nobody listens on \(path)")
            Thread { [self] in
                var number = 0
                while !isStopping.withLock({ $0 }) {
                    var text = number == 0 ? "ts,symbol,price,qty\n" : ""
                    for _ in 0..<50 {
                        number += 1
                        text += "1700000000000,ALPHA,\(number),1\n"
                    }
                    var rest = Array(text.utf8)[...]
                    while !rest.isEmpty {
                        let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
                        guard count > 0 else { break }
                        rest = rest.dropFirst(count)
                    }
                    let total = number
                    sent.withLock { $0 = total }
                    usleep(10_000)
                }
                close(descriptor)
                ended.signal()
            }.start()
        }

        func stop() {
            isStopping.withLock { $0 = true }
            ended.wait()
        }
    }

    private func add(_ name: String, warmUp: String?, to engine: EngineHome) throws {
        let extra = warmUp.map { #", "warm_up": "\#($0)""# } ?? ""
        try engine.sql(
            "INSERT INTO strategy_configs(name, class_name, module_path, config_json) VALUES ('\(name)', 'chronicle', "
                + "'\(FaultProgram.path)', '{\"instruments\": [\"ALPHA\"]\(extra)}');")
    }

    private func log(_ name: String, of engine: EngineHome) -> String {
        (try? String(contentsOfFile: engine.home + "/logs/\(name).log", encoding: .utf8)) ?? ""
    }

    /// What a chronicle told at its end, by the word before each number.
    private func account(_ name: String, of engine: EngineHome) throws -> [String: Int] {
        let line = try #require(
            log(name, of: engine).split(separator: "\n").last { $0.contains("chronicle first") },
            "\(log(name, of: engine))")
        let words = line.split(separator: " ")
        var found: [String: Int] = [:]
        for (word, next) in zip(words, words.dropFirst()) { found[String(word)] = Int(next) }
        return found
    }

    @Test func whoJoinsLateSeesWhatTheOthersSawOnce() throws {
        let engine = try EngineHome(seconds: 5)
        let path = engine.directory.file("in.sock")
        try engine.command(
            "feeds", "add", "desk", "--kind", "socket", "--set", "address=unix:\(path)", "--set",
            "symbols=ALPHA", "--set", "preset=trades")
        try add("early", warmUp: nil, to: engine)
        try engine.start(waitingFor: ["early"])
        let sender = try Sender(path: path)
        #expect(waitUntil(seconds: 30) { sender.count > 5_000 })
        try add("late", warmUp: "today", to: engine)
        #expect(waitUntil(seconds: 30) { log("late", of: engine).contains("caught up") }, "\(engine.log)")
        // A recorder that is behind is waited for.
        let recorder = try engine.lockHolder("recorder")
        kill(recorder, SIGSTOP)
        try add("later", warmUp: "1h", to: engine)
        #expect(waitUntil(seconds: 30) { log("later", of: engine).contains("warming up") }, "\(engine.log)")
        let before = sender.count
        #expect(waitUntil(seconds: 30) { sender.count > before + 2_000 })
        #expect(!log("later", of: engine).contains("caught up"))
        kill(recorder, SIGCONT)
        #expect(waitUntil(seconds: 30) { log("later", of: engine).contains("caught up") }, "\(engine.log)")
        let joined = sender.count
        #expect(waitUntil(seconds: 30) { sender.count > joined + 2_000 })
        sender.stop()
        let total = sender.count
        for name in ["early", "late", "later"] {
            let isComplete = try waitUntil(seconds: 30) { try engine.eventCount(name) >= total }
            #expect(isComplete, "\(name) has not seen all: \(log(name, of: engine))")
        }
        #expect(engine.stop() == 0)
        let early = try account("early", of: engine)
        #expect(early["first"] == 1 && early["count"] == total && early["breaks"] == 0)
        for name in ["late", "later"] {
            let late = try account(name, of: engine)
            #expect(late["first"] == 1 && late["last"] == total && late["count"] == total, "\(name): \(late)")
            #expect(late["breaks"] == 0 && late["missing"] == 0, "\(name): \(late)")
            #expect((5_000..<total).contains(late["warm-up"] ?? 0), "\(name): \(late)")
            // Nothing was ordered on the past, nor put down.
            let orders =
                try Int(
                    engine.value(
                        """
                        SELECT count(*) FROM orders WHERE strategy_id =
                        (SELECT id FROM strategy_configs WHERE name = '\(name)');
                        """)) ?? -1
            #expect((1...(total - (late["warm-up"] ?? 0)) / 100 + 1).contains(orders), "\(orders) orders")
        }
    }

    @Test(arguments: ["yesterday", "5", "-1h", "1w", "0s", ""]) func wrongWarmUpIsAnError(_ text: String)
        throws
    {
        let engine = try EngineHome(seconds: 5)
        try engine.sql(
            "INSERT INTO strategy_configs(name, class_name, config_json, auto_start) VALUES ('wrong', 'market_maker', "
                + "'{\"instruments\": [\"ALPHA\"], \"warm_up\": \"\(text)\"}', 1);")
        try engine.start()
        try engine.waitForStatus("wrong", "error")
        #expect(engine.log.contains("warm_up"), "\(engine.log)")
    }
}

import Foundation
import MessageBus
import NIOCore
import TestSupport
import Testing
import TradingModel

/// A broker in a process of its own: what it costs, what it says, and that it goes on.
@Suite(.serialized, .timeLimit(.minutes(2))) struct BrokerProcessTests {
    #if os(Linux)
        @Test func peersThatClaimLongFramesCostWhatTheySentAndNotWhatTheyClaim() async throws {
            BrokerProcess.raiseDescriptorLimit()
            let directory = try TemporaryDirectory()
            let broker = try BrokerProcess(directory.socketPath)
            let probe = try RawSocket(directory.socketPath, role: .observer)
            let resident = try broker.memory("VmRSS")
            let reserved = try broker.memory("VmData")
            let peerCount = 800
            let sent = 16 << 10
            var hello = ByteBuffer()
            hello.writeHello(Hello(role: .feed, processID: 1, identity: "claims", token: []))
            let bytes =
                Array(hello.readableBytesView)
                + RawSocket.header(.records, claiming: Limits.framePayloadBytesMax)
                + [UInt8](repeating: 1, count: sent)
            var peers = try (0..<peerCount).map { _ in try RawSocket(directory.socketPath) }
            for peer in peers { try peer.send(bytes) }
            // Its loop takes what is readable in turn: after some rounds it has read everything.
            for _ in 0..<5 { try probe.ping() }
            let residentGrowth = try broker.memory("VmRSS") - resident
            let reservedGrowth = try broker.memory("VmData") - reserved
            print(
                "\(peerCount) peers claimed \(peerCount) MiB and sent \(peerCount * sent >> 10) KiB:",
                "resident +\(residentGrowth >> 20) MiB, set aside +\(reservedGrowth >> 20) MiB")
            // Some of it fits memory that it had before.
            #expect(residentGrowth > peerCount * sent / 2, "it has read what they sent")
            #expect(residentGrowth < peerCount * 128 << 10)
            #expect(reservedGrowth < peerCount * 256 << 10)
            peers.removeAll()
            try probe.ping()
            #expect(broker.stop() == 0)
        }
    #endif

    @Test func whenDescriptorsRunOutPeersWaitAndAreTakenLaterWithoutABusyLoop() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.socketPath
        let broker = try BrokerProcess(path, descriptorCountMax: 48)
        let feed = try await TestClient.connected(path, role: .feed, identity: "sim")
        let reader = try await TestClient.connected(path, subscribe: ["live_data:*"])
        var taken: [RawSocket] = []
        var waiting: [RawSocket] = []
        var hello = ByteBuffer()
        hello.writeHello(Hello(role: .observer, processID: 1, identity: "many", token: []))
        for _ in 0..<60 {
            let peer = try RawSocket(path)
            try peer.send(hello)
            if waiting.isEmpty, waitUntil(seconds: 3, { peer.hasNews }) {
                taken.append(peer)
            } else {
                waiting.append(peer)
            }
        }
        #expect(taken.count > 10 && waiting.count > 10, "\(taken.count) were taken")
        #expect(waitUntil(seconds: 10) { broker.log.count == 2 }, "\(broker.log)")
        let complaint = String(broker.log.last ?? "")
        #expect(complaint.contains("cannot accept a connection: Too many open files"), "\(complaint)")
        #expect(complaint.contains("ulimit -n"))
        // Those that are connected are served on, and nothing spins.
        let before = try broker.processorSeconds()
        let start = ContinuousClock.now
        var sequence: UInt64 = 0
        while ContinuousClock.now - start < .seconds(3) {
            sequence += 1
            let count = Int(sequence)
            _ = try await feed.send([quote(1, sequence: sequence)])
            try await reader.wait("a record") { $0.recordCount == count }
            try await Task.sleep(for: .milliseconds(10))
        }
        let used = try broker.processorSeconds() - before
        print("\(taken.count) taken, \(waiting.count) waiting, \(sequence) records: \(used) s of CPU in 3 s")
        #expect(used < 0.6, "a busy loop takes all of the 3 s")
        #expect(!waiting.contains { $0.hasNews })
        #expect(broker.log.count == 2, "one message: \(broker.log)")
        taken.removeAll()
        for peer in waiting.prefix(20) {
            #expect(
                try peer.frames { !$0.isEmpty }.map(\.type) == [.welcome], "taken when there is room again")
        }
        #expect(broker.stop() == 0)
        try await feed.close()
        try await reader.close()
    }

    @Test func brokerThatCannotListenSaysWhyInOneLineAndTheOtherGoesOn() async throws {
        let directory = try TemporaryDirectory()
        let first = try BrokerProcess(directory.socketPath)
        let client = try await TestClient.connected(directory.socketPath, subscribe: ["live_data:1"])
        let long = directory.path + "/" + String(repeating: "x", count: 120)
        try FileManager.default.createDirectory(
            atPath: directory.path + "/open", withIntermediateDirectories: false)
        chmod(directory.path + "/open", 0o755)
        for (path, words) in [
            (directory.socketPath, "another broker holds \(directory.socketPath).lock"),
            (long, "has \(long.utf8.count) bytes, but the system allows"),
            (directory.path + "/open/bus.sock", "chmod 700 \(directory.path)/open"),
            (
                directory.path + "/no/such/bus.sock",
                "cannot make the socket directory \(directory.path)/no/such"
            ),
        ] {
            let run = try BrokerProcess.start(path)
            let exitCode = run.wait(seconds: 20)
            #expect(exitCode != 0 && exitCode != nil && (exitCode ?? 0) < 128, "\(path)")
            let lines = run.standardError.split(separator: "\n")
            #expect(lines.count == 1 && lines.first?.contains(words) == true, "\(lines)")
        }
        let feed = try await TestClient.connected(directory.socketPath, role: .feed, identity: "sim")
        _ = try await feed.send(quotes(1, count: 2))
        try await client.wait("records of the first broker") { $0.recordCount == 2 }
        #expect(first.stop() == 0)
        try await client.close()
        try await feed.close()
    }

    @Test func aKilledBrokersSocketIsTakenOverByTheNext() async throws {
        let directory = try TemporaryDirectory()
        let first = try BrokerProcess(directory.socketPath)
        first.killAtOnce()
        #expect(FileManager.default.fileExists(atPath: directory.socketPath), "it had no time to remove it")
        let second = try BrokerProcess(directory.socketPath)
        let client = try await TestClient.connected(directory.socketPath)
        #expect(second.log.count == 1, "\(second.log)")
        #expect(second.stop() == 0)
        #expect(!FileManager.default.fileExists(atPath: directory.socketPath))
        try await client.close()
    }
}

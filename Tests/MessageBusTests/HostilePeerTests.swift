import FrameChecks
import MessageBus
import NIOCore
import Synchronization
import Testing
import TradingModel

/// Peers that send what they must not, or too little: each is told why and closed alone.
@Suite(.timeLimit(.minutes(2))) struct HostilePeerTests {
    /// What a peer sends, whether after a right hello, and the code of the error that ends its connection.
    struct BadInput: Sendable, CustomTestStringConvertible {
        var name: String
        var isAfterHello = true
        var bytes: [UInt8]
        var code: BusError.Code

        var testDescription: String { name }

        static func frame(
            _ name: String, _ type: FrameType, _ payload: [UInt8], _ code: BusError.Code,
            isAfterHello: Bool = true
        ) -> BadInput {
            let header = RawSocket.header(type, claiming: payload.count)
            return BadInput(name: name, isAfterHello: isAfterHello, bytes: header + payload, code: code)
        }
    }

    static let badInputs: [BadInput] = {
        let hello = ProtocolPage.examples["hello"] ?? []
        let cutHello = Array(hello.dropFirst(8).dropLast(3))
        var foreignHello = Array(hello.dropFirst(8))
        foreignHello[0] = 2
        return [
            BadInput(name: "length 2^31", bytes: [0, 0, 0, 0x80, 5, 0, 1, 0], code: .frameTooLarge),
            BadInput(
                name: "length 2^31 as the first thing", isAfterHello: false,
                bytes: [0, 0, 0, 0x80, 1, 0, 1, 0], code: .frameTooLarge),
            BadInput(name: "length 2^32 - 1", bytes: [255, 255, 255, 255, 5, 0, 1, 0], code: .frameTooLarge),
            BadInput(name: "one byte too long", bytes: [1, 0, 16, 0, 7, 0, 1, 0], code: .frameTooLarge),
            BadInput(name: "header version 2", bytes: [0, 0, 0, 0, 9, 0, 2, 0], code: .unsupportedVersion),
            BadInput(
                name: "header version 0 as the first thing", isAfterHello: false,
                bytes: [0, 0, 0, 0, 1, 0, 0, 0], code: .unsupportedVersion),
            .frame("hello version 2", .hello, foreignHello, .unsupportedVersion, isAfterHello: false),
            BadInput(name: "type 0", bytes: [0, 0, 0, 0, 0, 0, 1, 0], code: .unexpectedFrame),
            BadInput(name: "type 13", bytes: [0, 0, 0, 0, 13, 0, 1, 0], code: .unexpectedFrame),
            .frame("a message, which only a broker sends", .message, [1, 0, 0x61], .unexpectedFrame),
            BadInput(name: "a second hello", bytes: hello, code: .unexpectedFrame),
            .frame("hello cut short", .hello, cutHello, .malformedFrame, isAfterHello: false),
            .frame("publish before hello", .publish, [], .helloExpected, isAfterHello: false),
            .frame("topic that is no UTF-8", .publish, [2, 0, 0xC3, 0x28], .malformedFrame),
            .frame("topic longer than its frame", .publish, [9, 0, 0x61], .malformedFrame),
            .frame("pattern that is no UTF-8", .subscribe, [0, 2, 0, 0xFF, 0x2A], .malformedFrame),
            .frame("pattern longer than its frame", .subscribe, [0, 40, 0, 0x2A], .malformedFrame),
            .frame("subscribe without a pattern", .subscribe, [0], .malformedFrame),
            .frame("unsubscribe without anything", .unsubscribe, [], .malformedFrame),
            .frame(
                "records that are no whole records", .records, Array(repeating: 0, count: 71), .malformedFrame
            ),
            .frame("goodbye cut short", .goodbye, [0], .malformedFrame),
            .frame("goodbye that is no UTF-8", .goodbye, [0, 0, 1, 0, 0x80], .malformedFrame),
            .frame("a ping beyond 64 bytes", .ping, Array(repeating: 0, count: 65), .malformedFrame),
        ]
    }()

    @Test(arguments: badInputs) func badInputEndsOnlyItsPeerWithItsErrorCode(_ input: BadInput) async throws {
        try await withBroker { broker, path in
            let feed = try await TestClient.connected(path, role: .feed, identity: "sim")
            let reader = try await TestClient.connected(path, subscribe: ["live_data:*"])
            do {
                let peer = input.isAfterHello ? try RawSocket(path, role: .feed) : try RawSocket(path)
                try peer.send(input.bytes)
                let frames = try peer.framesUntilEnd()
                #expect(frames.map(\.type) == [.error])
                #expect(frames.map(\.reasonCode) == [input.code])
                #expect(frames.last?.reasonText.isEmpty == false)
            }
            _ = try await feed.send(quotes(1, count: 3))
            try await reader.wait("records") { $0.recordCount == 3 }
            try await eventually("only it is gone") { await broker.statistics.totals.connections == 2 }
        }
    }

    /// Every cut of a stream of right frames: the peer that ends in the middle of one is told so, if it still reads.
    @Test func streamThatEndsInTheMiddleOfAFrameIsAnErrorAndOneThatEndsBehindItIsNot() async throws {
        try await withBroker { broker, path in
            var buffer = ByteBuffer()
            buffer.writeHello(Hello(role: .feed, processID: 1, identity: "cut", token: []))
            let afterHello = buffer.readableBytes
            quotes(1, count: 2).withUnsafeBufferPointer {
                buffer.writeRecords($0, source: 1, isLossless: false)
            }
            let afterRecords = buffer.readableBytes
            buffer.writePing(.ping, echo: [1, 2])
            let bytes = Array(buffer.readableBytesView)
            for count in 0...bytes.count {
                let peer = try RawSocket(path)
                try peer.send(Array(bytes[..<count]))
                peer.finish()
                let frames = try peer.framesUntilEnd()
                let isWhole = [0, afterHello, afterRecords, bytes.count].contains(count)
                let last = frames.last?.reasonCode
                #expect(last == (isWhole ? nil : .malformedFrame), "cut to \(count)")
                #expect(frames.contains { $0.type == .pong } == (count == bytes.count))
            }
            try await eventually("all are gone") { await broker.statistics.totals.connections == 0 }
        }
    }

    @Test func thousandsOfNoisyPeersEndAloneWhileRecordsFlow() async throws {
        let seed: UInt64 = 20_261_125
        let examples = ProtocolPage.examples.sorted { $0.key < $1.key }.map(\.value)
        try await withBroker { broker, path in
            let feed = try await TestClient.connected(path, role: .feed, identity: "sim")
            let reader = try await TestClient.connected(path, subscribe: ["live_data:900"])
            var noise = NoiseGenerator(seed: seed, examples: examples)
            var bytes: [UInt8] = []
            var codes: [BusError.Code: Int] = [:]
            var sent = 0
            for round in 0..<4_000 {
                noise.next(into: &bytes)
                let role =
                    round.isMultiple(of: 2) ? BusRole.allCases[round / 2 % BusRole.allCases.count] : nil
                let peer = try role.map { try RawSocket(path, role: $0) } ?? RawSocket(path)
                peer.sendWhatIsTaken(bytes)
                peer.finish()
                let frames = try peer.framesUntilEnd()
                let note = "seed \(seed), round \(round): \(frames.map(\.type)) for \(bytes)"
                let expected = try expectedEnd(bytes, isAfterHello: role != nil)
                let last = frames.last { $0.type == .error || $0.type == .goodbye }?.reasonCode
                if let expected { #expect(last == expected, "\(note)") }
                if let last { codes[last, default: 0] += 1 }
                guard round.isMultiple(of: 100) else { continue }
                sent += 1
                _ = try await feed.send([quote(900, sequence: UInt64(sent))])
                let count = sent
                try await reader.wait("record \(count)") { $0.recordCount >= count }
            }
            for code: BusError.Code in [
                .malformedFrame, .unsupportedVersion, .unexpectedFrame, .frameTooLarge, .helloExpected,
            ] { #expect(codes[code, default: 0] > 20, "\(codes)") }
            #expect(try await reader.records.map(\.sequence).suffix(1) == [UInt64(sent)])
            try await eventually("only two are left") { await broker.statistics.totals.connections == 2 }
        }
    }

    /// The code that must end the connection, when the decoder alone decides it; `nil` otherwise.
    private func expectedEnd(_ bytes: [UInt8], isAfterHello: Bool) throws -> BusError.Code? {
        let outcome = try bytes.withUnsafeBytes { try FrameChecks.check($0, splits: []) }
        guard outcome.frameCount == 0 else { return nil }
        return outcome.failure?.code ?? (outcome.pendingByteCount > 0 ? .malformedFrame : nil)
    }

    @Test func whatAPeerCallsItselfCannotForgeAReport() async throws {
        let directory = try TemporaryDirectory()
        let lines = Mutex([String]())
        let broker = try await startBroker(
            directory.socketPath, report: { line in lines.withLock { $0.append(line) } })
        var peer: RawSocket? = try RawSocket(
            directory.socketPath, role: .observer, identity: "x\n2026-01-01T00:00:00Z all is well\u{1B}[2K")
        try peer?.send(RawSocket.header(.gap, claiming: 0))
        _ = try peer?.framesUntilEnd()
        peer = nil
        let reported = lines.withLock { $0 }
        #expect(reported.count == 1)
        #expect(
            reported.allSatisfy { line in !line.unicodeScalars.contains { $0.value < 32 } }, "\(reported)")
        #expect(reported.first?.contains("all is well") == true)
        await broker.shutdown()
    }
}

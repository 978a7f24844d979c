import Foundation
import MessageBus
import Testing
import TradingModel

@Suite(.timeLimit(.minutes(1))) struct BootstrapChannelTests {
    /// Two ends of a connection, closed at the end.
    private final class Pair: Sendable {
        let first: Int32
        let second: Int32

        init() throws {
            var ends: [Int32] = [0, 0]
            #if canImport(Glibc)
                let result = socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends)
            #else
                let result = socketpair(AF_UNIX, SOCK_STREAM, 0, &ends)
            #endif
            try #require(result == 0)
            (first, second) = (ends[0], ends[1])
        }

        deinit {
            close(first)
            close(second)
        }
    }

    private func bootstrap(configByteCount: Int = 10) -> Bootstrap {
        Bootstrap(
            role: .executor, socketPath: "/run/bus.sock", logPath: "/logs/s.log",
            journalDirectory: "/journal/s",
            token: [1, 2, 3],
            strategy: Bootstrap.Strategy(
                id: "s", name: "n", className: "ema_cross", epoch: 5, generation: 2,
                configJSON: String(repeating: " ", count: configByteCount), limitsJSON: "{}"),
            feed: Bootstrap.Feed(name: "sim", kind: "synthetic", configJSON: "{}", number: 4),
            instruments: [Instrument(symbol: "BTCUSDT")], heartbeatMilliseconds: 500)
    }

    @Test func documentsArriveOneByOneAndLargerThanTheSocketBuffer() async throws {
        let pair = try Pair()
        let sent = [bootstrap(), bootstrap(configByteCount: 3 << 20), bootstrap(configByteCount: 1)]
        let writing = Task.detached {
            for document in sent {
                try BootstrapChannel(descriptor: pair.first).write(document, timeout: .seconds(10))
            }
        }
        let channel = BootstrapChannel(descriptor: pair.second)
        for document in sent { #expect(try channel.read(Bootstrap.self, timeout: .seconds(10)) == document) }
        try await writing.value
    }

    @Test func pipeWorksToo() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { ends.forEach { close($0) } }
        try BootstrapChannel(descriptor: ends[1]).write(bootstrap(), timeout: .seconds(5))
        #expect(
            try BootstrapChannel(descriptor: ends[0]).read(Bootstrap.self, timeout: .seconds(5))
                == bootstrap())
    }

    @Test func endOfStreamSaysHowFarItCame() throws {
        let pair = try Pair()
        let bytes: [UInt8] = [100, 0, 0, 0, 1, 2]
        #expect(write(pair.first, bytes, bytes.count) == bytes.count)
        shutdown(pair.first, Int32(SHUT_WR))
        let error = #expect(throws: BusError.self) {
            _ = try BootstrapChannel(descriptor: pair.second).read(Bootstrap.self, timeout: .seconds(5))
        }
        #expect(error?.code == .bootstrapFailed)
        #expect(error?.context.contains("2 of 100 bytes") == true)
    }

    @Test func silenceAndAFullPeerEndAtTheDeadline() throws {
        let pair = try Pair()
        let read = #expect(throws: BusError.self) {
            _ = try BootstrapChannel(descriptor: pair.second).read(Bootstrap.self, timeout: .milliseconds(20))
        }
        #expect(read?.context.contains("in time") == true)
        let write = #expect(throws: BusError.self) {
            try BootstrapChannel(descriptor: pair.first).write(
                bootstrap(configByteCount: 3 << 20), timeout: .milliseconds(20))
        }
        #expect(write?.context.contains("in time") == true)
    }

    @Test func closedPeerTooLongDocumentAndBadLengthAreRefused() throws {
        let pair = try Pair()
        let long = #expect(throws: BusError.self) {
            try BootstrapChannel(descriptor: pair.first).write(
                bootstrap(configByteCount: 5 << 20), timeout: .seconds(1))
        }
        #expect(long?.context.contains("exceeds") == true)
        let length: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF]
        #expect(write(pair.first, length, 4) == 4)
        #expect(throws: BusError.self) {
            _ = try BootstrapChannel(descriptor: pair.second).read(Bootstrap.self, timeout: .seconds(5))
        }
        shutdown(pair.second, Int32(SHUT_RDWR))
        let gone = #expect(throws: BusError.self) {
            try BootstrapChannel(descriptor: pair.first).write(bootstrap(), timeout: .seconds(1))
        }
        #expect(gone?.systemErrorNumber == EPIPE)
    }
}

import Foundation
import MessageBus
import NIOCore
import Testing

@Suite(.timeLimit(.minutes(1))) struct SocketPathTests {
    @Test func pathThatDoesNotFitFailsWithItsLength() async throws {
        let path = "/tmp/" + String(repeating: "x", count: SocketPath.byteCountMax - 5)
        let error = await #expect(throws: BusError.self) { _ = try await startBroker(path) }
        #expect(error?.code == .pathTooLong)
        #expect(error?.context.contains("\(path.utf8.count) bytes") == true)
        #expect(throws: Never.self) { _ = try SocketPath(String(path.dropLast())) }
    }

    @Test func secondBrokerOnALiveSocketFails() async throws {
        try await withBroker { _, path in
            let error = await #expect(throws: BusError.self) { _ = try await startBroker(path) }
            #expect(error?.code == .addressInUse)
            #expect(error?.context.contains(path) == true)
            _ = try await TestClient.connected(path)
        }
    }

    @Test func foreignListenerIsNotReplaced() async throws {
        let directory = try TemporaryDirectory()
        let listener = try bind(directory.socketPath)
        listen(listener, 1)
        let error = await #expect(throws: BusError.self) { _ = try await startBroker(directory.socketPath) }
        #expect(error?.code == .addressInUse)
        #expect(FileManager.default.fileExists(atPath: directory.socketPath))
        close(listener)
    }

    @Test func staleSocketIsReplaced() async throws {
        let directory = try TemporaryDirectory()
        close(try bind(directory.socketPath))
        #expect(FileManager.default.fileExists(atPath: directory.socketPath))
        let broker = try await startBroker(directory.socketPath)
        _ = try await TestClient.connected(directory.socketPath)
        await broker.shutdown()
    }

    @Test func fileThatIsNoSocketIsLeftAlone() async throws {
        let directory = try TemporaryDirectory()
        #expect(FileManager.default.createFile(atPath: directory.socketPath, contents: Data([1])))
        let error = await #expect(throws: BusError.self) { _ = try await startBroker(directory.socketPath) }
        #expect(error?.code == .bindFailed)
        #expect(FileManager.default.contents(atPath: directory.socketPath) == Data([1]))
    }

    @Test func missingDirectoryIsMadePrivateAndAnOpenOneRefused() async throws {
        let directory = try TemporaryDirectory()
        let made = directory.path + "/run"
        let broker = try await startBroker(made + "/bus.sock")
        let mode = try FileManager.default.attributesOfItem(atPath: made)[.posixPermissions] as? Int
        #expect(mode == 0o700)
        await broker.shutdown()
        chmod(made, 0o755)
        let error = await #expect(throws: BusError.self) { _ = try await startBroker(made + "/bus.sock") }
        #expect(error?.code == .unsafeDirectory)
        #expect(error?.context.contains("chmod 700") == true)
    }

    /// Makes a socket file without listening on it.
    private func bind(_ path: String) throws -> Int32 {
        #if canImport(Glibc)
            let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        #else
            let descriptor = socket(AF_UNIX, SOCK_STREAM, 0)
        #endif
        let address = try SocketAddress(unixDomainSocketPath: path)
        let result = address.withSockAddr { Foundation.bind(descriptor, $0, socklen_t($1)) }
        try #require(result == 0)
        return descriptor
    }
}

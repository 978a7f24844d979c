import Foundation
import MessageBus
import TestSupport
import Testing

/// Peers and brokers of another user. Becoming another user takes root.
@Suite(
    .serialized, .timeLimit(.minutes(2)),
    .enabled(if: geteuid() == 0, "only root can start a process as another user"),
    .enabled(if: access("/usr/bin/setpriv", X_OK) == 0, "needs setpriv(1)"))
struct ForeignUserTests {
    private static let nobody = 65_534
    private static let perl = "/usr/bin/perl"

    /// Connects, sends a right hello and prints all bytes it is answered in hexadecimal.
    private static let script = """
        use Socket; socket(my $peer, PF_UNIX, SOCK_STREAM, 0) or die "socket: $!";
        connect($peer, pack_sockaddr_un($ARGV[0])) or die "connect: $!\\n";
        syswrite($peer, pack("VCCCC", 12, 1, 0, 1, 0) . pack("vCCVvv", 1, 1, 0, 1, 0, 0));
        my $all = ""; while (sysread($peer, my $piece, 4096)) { $all .= $piece } print unpack("H*", $all), "\\n";
        """

    private func runPeer(_ path: String) throws -> ProgramRun {
        try ProgramRun(
            "/bin/sh",
            ["-c", #"exec "$@""#, "sh"] + BrokerProcess.asUser(Self.nobody) + [
                Self.perl, "-e", Self.script, path,
            ])
    }

    /// A copy of the program where another user can reach it; the folder of the build may be closed to others.
    private func reachableProgram(in directory: TemporaryDirectory) throws -> String {
        chmod(directory.path, 0o755)
        let copy = directory.path + "/tradewind"
        try FileManager.default.copyItem(atPath: TradewindProgram.path, toPath: copy)
        chmod(copy, 0o755)
        return copy
    }

    @Test(.enabled(if: access(perl, X_OK) == 0, "needs perl for a peer that is no client of ours"))
    func peerOfAnotherUserIsKeptOutByTheDirectoryAndElseToldWhy() async throws {
        let directory = try TemporaryDirectory()
        let broker = try BrokerProcess(directory.socketPath)
        let ours = try await TestClient.connected(directory.socketPath)
        let keptOut = try runPeer(directory.socketPath)
        #expect(keptOut.wait(seconds: 20) != 0)
        #expect(keptOut.standardError.contains("Permission denied"), "\(keptOut.standardError)")
        // Somebody opens the doors by hand: the broker still looks at who it is.
        chmod(directory.path, 0o755)
        chmod(directory.socketPath, 0o666)
        let refused = try runPeer(directory.socketPath)
        #expect(refused.wait(seconds: 20) == 0, "\(refused.standardError)")
        let answer = try bytes(refused.standardOutput)
        #expect(answer.count > 12 && answer[4] == FrameType.error.rawValue)
        #expect(answer[8] == UInt8(BusError.Code.peerRefused.rawValue) && answer[9] == 0)
        let text = String(decoding: answer.dropFirst(12), as: UTF8.self)
        #expect(text == "the broker serves only processes of its own user")
        #expect(waitUntil(seconds: 5) { broker.log.count == 2 }, "\(broker.log)")
        #expect(broker.log.last?.contains("peer refused") == true)
        // Ours goes on.
        try await ours.subscribe(["live_data:1"])
        #expect(try await ours.events.disconnects.isEmpty)
        #expect(broker.stop() == 0)
        try await ours.close()
    }

    private func bytes(_ hexadecimal: String) throws -> [UInt8] {
        let digits = Array(hexadecimal.utf8.prefix { $0 != UInt8(ascii: "\n") })
        return try stride(from: 0, to: digits.count - 1, by: 2).map {
            try #require(UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16))
        }
    }

    @Test func clientDoesNotTrustABrokerOfAnotherUser() async throws {
        let program = try TemporaryDirectory()
        let copy = try reachableProgram(in: program)
        let directory = try TemporaryDirectory()
        chown(directory.path, uid_t(Self.nobody), gid_t(Self.nobody))
        let broker = try BrokerProcess(directory.socketPath, user: (Self.nobody, copy))
        let client = try await TestClient(
            directory.socketPath, role: .feed, identity: "sim", token: [1, 2, 3])
        try await client.run { $0.connect() }
        let events = try await client.wait("refusal") { !$0.disconnects.isEmpty }
        #expect(events.disconnects.first??.code == .peerRefused)
        #expect(events.disconnects.first??.context == "the broker runs as another user")
        #expect(events.connectCount == 0)
        try await client.close()
        #expect(broker.stop() == 0)
    }

    @Test func brokerDoesNotListenInTheDirectoryOfAnotherUser() throws {
        let program = try TemporaryDirectory()
        let copy = try reachableProgram(in: program)
        let directory = try TemporaryDirectory()
        // The directory is one that it could use, but for its owner.
        chown(directory.path, uid_t(Self.nobody - 1), gid_t(Self.nobody))
        chmod(directory.path, 0o770)
        let run = try BrokerProcess.start(directory.socketPath, user: (Self.nobody, copy))
        #expect(run.wait(seconds: 20) == 69)
        let lines = run.standardError.split(separator: "\n")
        #expect(lines.count == 1 && lines.first?.contains("belongs to user 65533") == true, "\(lines)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
    }
}

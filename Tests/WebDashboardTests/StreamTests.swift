import ControlPlane
import Foundation
import TestSupport
import Testing
import TradingModel

@Suite(.serialized) struct StreamTests {
    private func stream(_ web: WebHome, lastEventID: String? = nil) throws -> TestSocket {
        let socket = try TestSocket(port: web.port)
        let id = lastEventID.map { "Last-Event-ID: \($0)\r\n" } ?? ""
        try socket.write(
            "GET /api/v1/stream HTTP/1.1\r\nHost: \(web.host)\r\nAuthorization: Bearer \(web.token)\r\n\(id)\r\n"
        )
        return socket
    }

    private func lastID(_ text: String) throws -> String {
        let line = try #require(text.split(separator: "\n").last { $0.hasPrefix("id: ") })
        return String(line.dropFirst(4))
    }

    @Test func changeIsToldWithinASecond() throws {
        let web = try WebHome()
        let earner = try web.fill()
        let socket = try stream(web)
        let snapshot = try socket.read { $0.contains("event: snapshot") && $0.contains("\"sparklines\"") }
        #expect(snapshot.contains("\"earner\"") && snapshot.contains("\"fresh\""))
        let start = ContinuousClock.now
        let store = try web.open()
        try store.setStatus(earner.id, to: .backoff, reason: "crashed in the test", at: .epoch)
        try store.close()
        _ = try socket.read { $0.contains("crashed in the test") }
        // The bound is one second on an idle machine; this one may be loaded.
        #expect(ContinuousClock.now - start < .seconds(5))
    }

    @Test func reconnectGivesWhatWasMissedAndAStrangersIDASnapshot() throws {
        let web = try WebHome()
        let earner = try web.fill()
        var socket = try stream(web)
        let id = try lastID(try socket.read { $0.contains("\"sparklines\"") })
        let store = try web.open()
        try store.noteEvent(earner.id, reason: "missed meanwhile", epoch: 1, at: .epoch)
        try store.removeStrategy("fresh")
        try store.close()
        socket = try stream(web, lastEventID: id)
        let delta = try socket.read { $0.contains("missed meanwhile") && $0.contains("\"removed\":[\"") }
        #expect(!delta.contains("event: snapshot"))
        for stranger in ["zzzzzz-1", "nonsense", String(id.prefix { $0 != "-" }) + "-999999"] {
            socket = try stream(web, lastEventID: stranger)
            _ = try socket.read { $0.contains("event: snapshot") }
        }
        web.stop()
        try web.start()
        socket = try stream(web, lastEventID: id)
        _ = try socket.read { $0.contains("event: snapshot") }
    }
}

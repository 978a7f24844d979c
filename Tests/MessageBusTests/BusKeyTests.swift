import Foundation
import MessageBus
import Testing

@Suite struct BusKeyTests {
    private let key = BusKey(bytes: Array(0..<32))

    /// The value was computed with Python: hmac.new(bytes(range(32)), b"\x04s1", "sha256").hexdigest()
    @Test func tokenIsTheDocumentedCode() throws {
        let token = try #require(key).token(role: .executor, identity: "s1")
        let hexadecimal = token.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(hexadecimal == "49007d2ce75ba37ecf77b62d1de01ee9ba18560f1e26c8d708558651129b70f1")
    }

    @Test func keyOfAnotherLengthIsNone() {
        #expect(BusKey(bytes: Array(0..<31)) == nil)
        #expect(BusKey(bytes: Array(0..<33)) == nil)
    }

    @Test func fileIsMadeOnceAndPrivate() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/bus.key"
        let first = try BusKey(fileAt: path)
        #expect(try BusKey(fileAt: path) == first)
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        #expect(attributes[.size] as? Int == BusKey.byteCount)
    }

    @Test func openDamagedOrUnreachableFileIsRefusedWithItsPath() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/bus.key"
        _ = try BusKey(fileAt: path)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        #expect { try BusKey(fileAt: path) } throws: { "\($0)".contains("chmod 600 \(path)") }
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        try Data(count: 40).write(to: URL(fileURLWithPath: path))
        #expect { try BusKey(fileAt: path) } throws: { "\($0)".contains("\(path) is no bus key") }
        #expect { try BusKey(fileAt: directory.path + "/none/bus.key") } throws: {
            ($0 as? BusError)?.code == .badKeyFile
        }
    }
}

package import Foundation

/// A directory of its own for one test, removed when the last reference goes.
package final class TemporaryDirectory: Sendable {
    package let url: URL

    package var path: String { url.path }

    /// Makes the directory under the system's temporary directory; the path is short enough for sockets.
    package init() throws {
        let name = "tw-" + String(UInt32.random(in: .min ... .max), radix: 36)
        url = FileManager.default.temporaryDirectory.appendingPathComponent(name)
        try FileManager.default.createDirectory(
            at: url, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    }

    /// The path of a file in it.
    package func file(_ name: String) -> String { url.appendingPathComponent(name).path }

    deinit { try? FileManager.default.removeItem(at: url) }
}

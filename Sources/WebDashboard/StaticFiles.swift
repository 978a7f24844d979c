import Crypto
import HTTPTypes
import Hummingbird
import HummingbirdCore

/// The files of the page, compiled in. They hold no data, and anybody whom the gate lets in may read them.
enum StaticFiles {
    private struct File: Sendable {
        var type: String
        var bytes: [UInt8]
        var tag: String

        init(_ type: String, _ bytes: [UInt8]) {
            self.type = type + "; charset=utf-8"
            self.bytes = bytes
            let digest = SHA256.hash(data: bytes).prefix(8)
            tag = "\"" + digest.map { String($0, radix: 16) }.joined(separator: ".") + "\""
        }
    }

    private static let files: [String: File] = [
        "/": File("text/html", PackageResources.index_html),
        "/page.css": File("text/css", PackageResources.page_css),
        "/app.js": script(PackageResources.app_js), "/live.js": script(PackageResources.live_js),
        "/format.js": script(PackageResources.format_js), "/charts.js": script(PackageResources.charts_js),
        "/strategies.js": script(PackageResources.strategies_js),
        "/strategy.js": script(PackageResources.strategy_js), "/lists.js": script(PackageResources.lists_js),
        "/commands.js": script(PackageResources.commands_js),
        "/alerts.js": script(PackageResources.alerts_js),
    ]

    /// The file of a path, or word that the browser has it; `nil` when there is none.
    static func response(to request: Request) -> Response? {
        guard request.method != .post, let file = files[request.uri.path] else { return nil }
        let headers: HTTPFields = [.contentType: file.type, .eTag: file.tag, .cacheControl: "no-cache"]
        if request.headers[.ifNoneMatch] == file.tag {
            return Response(status: .notModified, headers: headers)
        }
        return Response(
            status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: file.bytes)))
    }

    private static func script(_ bytes: [UInt8]) -> File { File("text/javascript", bytes) }
}

import ControlPlane
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Monitoring
import Supervision

/// The end of a log.
enum LogDocument {
    private static let others = ["bus", "manager", "recorder", "web"]

    static func json(_ idOrName: String, lines: Int, _ site: Site) async throws -> JSONWriter {
        let name = try await name(idOrName, site)
        let file = LogFile(path: site.settings.home.logPath(name))
        let text = try await site.blocking {
            FileManager.default.fileExists(atPath: file.path) ? try file.tail(lines: lines) : []
        }
        var json = JSONWriter()
        json.object { json in
            json.member("name", name)
            json.arrayMember("lines") { json in
                for line in text { json.value(line) }
            }
        }
        return json
    }

    /// A name that a row or this program vouches for, so that no path can be made of what a caller sends.
    private static func name(_ idOrName: String, _ site: Site) async throws -> String {
        if others.contains(idOrName) { return idOrName }
        return try await site.reading { store in
            if idOrName.hasPrefix("feed-"), let feed = try store.feed(String(idOrName.dropFirst(5))) {
                return "feed-" + feed.name
            }
            return try store.strategy(orProblem: idOrName).name
        }
    }
}

import HTTPTypes
import Hummingbird
import HummingbirdCore
import Synchronization

/// Answers through a site that is made once the server listens; until then it asks to try again.
final class LateResponder: HTTPResponder {
    typealias Context = WebContext

    private let site = Mutex<Site?>(nil)

    func set(_ made: Site) { site.withLock { $0 = made } }

    func respond(to request: Request, context: WebContext) async throws -> Response {
        guard let site = site.withLock({ $0 }) else {
            return Problem(.serviceUnavailable, "starting", "the server is starting: try again").response
        }
        return try await site.respond(to: request, context: context)
    }
}

import ControlPlane
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Monitoring
import NIOCore
import NIOPosix
import Synchronization

/// What answers the requests: gate, routes, files of the page. Reads go through one connection that only reads;
/// a command is written by a connection of its own, open for as long as that takes.
final class Site: HTTPResponder {
    typealias Context = WebContext

    let settings: WebSettings
    let gate: Gate
    let monitor: EngineMonitor
    let hub: LiveHub
    let classes: ClassCatalog
    let prices = PriceDocument()
    private let threads: NIOThreadPool
    private let store = Mutex<ControlStore?>(nil)

    init(_ settings: WebSettings, gate: Gate, monitor: EngineMonitor, hub: LiveHub, threads: NIOThreadPool) {
        self.settings = settings
        self.gate = gate
        self.monitor = monitor
        self.hub = hub
        self.threads = threads
        classes = ClassCatalog()
    }

    func respond(to request: Request, context: WebContext) async throws -> Response {
        var response: Response
        do {
            response = try await answer(request, context)
        } catch {
            response = Self.problem(error).response
            // Nobody reads the rest of a body that was refused; it must not be sent for ever.
            if request.method == .post { _ = Deadline(context.channel, seconds: 2) }
        }
        if request.method == .head { response = response.createHeadResponse() }
        Gate.protect(&response)
        return response
    }

    private func answer(_ request: Request, _ context: WebContext) async throws -> Response {
        try gate.check(request)
        let path = request.uri.path
        let method = request.method == .head ? .get : request.method
        let matching = Routes.all.compactMap { route in route.argument(of: path).map { (route, $0) } }
        guard let (route, argument) = matching.first(where: { $0.0.method == method }) else {
            if method == .get, let file = StaticFiles.response(to: request) { return file }
            guard gate.isAuthorized(request) else { throw Gate.unauthorized }
            guard matching.isEmpty else {
                let methods = matching.map(\.0.method)
                let allowed = (methods + (methods.contains(.get) ? [.head] : [])).map(\.rawValue)
                    .joined(separator: ", ")
                throw Problem(
                    .methodNotAllowed, "method_not_allowed", "\(path.prefix(200)) takes \(allowed)",
                    headers: [.allow: allowed])
            }
            throw Problem(
                .notFound, "unknown_path",
                "there is nothing at \(path.prefix(200)); \(Routes.prefix)/openapi.json says what there is")
        }
        guard route.isOpen || gate.isAuthorized(request) else { throw Gate.unauthorized }
        if method == .post { try gate.checkContentType(request) }
        return try await route.handle(
            Route.Call(request: request, context: context, site: self, argument: argument))
    }

    private static func problem(_ error: any Error) -> Problem {
        switch error {
        case let problem as Problem: problem
        case let error as ControlError: Problem(error)
        default: Problem(.internalServerError, "internal", "a fault of this server: \(type(of: error))")
        }
    }

    // MARK: - The database

    /// Reads from the database, on a thread that may wait.
    func reading<Result: Sendable>(
        _ body: @escaping @Sendable (ControlStore) throws -> Result
    ) async throws -> Result {
        try await threads.runIfActive { [self] in
            let store = try openStore()
            do {
                return try body(store)
            } catch let error as ControlError {
                if error.code != .busy && error.code != .refused && error.code != .notFound { forget(store) }
                throw error
            }
        }
    }

    /// Writes to the database, through a connection that is closed again at once.
    func writing<Result: Sendable>(
        _ body: @escaping @Sendable (ControlStore) throws -> Result
    ) async throws -> Result {
        let home = settings.home
        return try await threads.runIfActive {
            let store = try ControlStore.open(home, access: .client)
            defer { try? store.close() }
            return try body(store)
        }
    }

    /// The engine as it is now, at most half a second old.
    func overview() async throws -> EngineOverview {
        let monitor = monitor
        return try await threads.runIfActive { monitor.state(maxAge: .milliseconds(500)).overview }
    }

    /// Runs something that may wait.
    func blocking<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await threads.runIfActive(body)
    }

    private func openStore() throws -> ControlStore {
        try store.withLock { store in
            if let open = store {
                do {
                    try open.checkFile()
                    return open
                } catch {
                    // Another file is there now, or none; opening says which.
                    store = nil
                }
            }
            let opened = try ControlStore.open(settings.home, access: .reader)
            store = opened
            return opened
        }
    }

    private func forget(_ used: ControlStore) {
        store.withLock { if $0 === used { $0 = nil } }
    }
}

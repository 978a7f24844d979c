/// From a token to the list of its subscribers, kept until a market-data subscription changes.
///
/// Tokens with the same subscribers share one route, so that neighbouring frames of different tokens go out as
/// one piece. A direct-mapped front saves most dictionary look-ups. Confined to the broker's event loop.
final class RouteTable {
    /// The subscribers of one route.
    typealias Route = UnsafeMutableBufferPointer<UnsafeMutablePointer<PendingPieces>>

    private struct FrontEntry {
        var token: UInt32
        var route: Int32
    }

    private var routes: [Route] = []
    private var routeByToken: [UInt32: Int] = [:]
    private var routeBySubscribers: [[Int]: Int] = [:]
    private let front: UnsafeMutablePointer<FrontEntry>

    private static let frontBits: UInt32 = 12

    init() {
        front = .allocate(capacity: 1 << Self.frontBits)
        front.initialize(repeating: FrontEntry(token: 0, route: -1), count: 1 << Self.frontBits)
    }

    deinit {
        removeAll()
        front.deallocate()
    }

    /// Whether no further token should be added before `removeAll`.
    var isFull: Bool { routeByToken.count >= Limits.cachedRoutesMax }

    /// The number of a token's route, when the front has it.
    @inline(__always)
    func cachedRoute(of token: UInt32) -> Int? {
        let entry = front[Self.slot(of: token)]
        return entry.token == token && entry.route >= 0 ? Int(entry.route) : nil
    }

    /// The number of a token's route; `resolve` gives its subscribers' numbers and `connection` their connections
    /// when the route is not known yet.
    @inline(never)
    func route(
        of token: UInt32, resolve: (UInt32) -> [Int], connection: (Int) -> BrokerConnection?
    ) -> Int {
        let route = routeByToken[token] ?? makeRoute(of: token, resolve: resolve, connection: connection)
        front[Self.slot(of: token)] = FrontEntry(token: token, route: Int32(route))
        return route
    }

    /// The subscribers of a route; valid until `removeAll`.
    func subscribers(ofRoute number: Int) -> Route { routes[number] }

    /// Forgets all routes, because the subscriptions changed.
    func removeAll() {
        guard !routes.isEmpty else { return }
        for route in routes { route.deallocate() }
        routes.removeAll()
        routeByToken.removeAll(keepingCapacity: true)
        routeBySubscribers.removeAll()
        front.update(repeating: FrontEntry(token: 0, route: -1), count: 1 << Self.frontBits)
    }

    private static func slot(of token: UInt32) -> Int { Int((token &* 2_654_435_769) >> (32 - frontBits)) }

    private func makeRoute(
        of token: UInt32, resolve: (UInt32) -> [Int], connection: (Int) -> BrokerConnection?
    ) -> Int {
        let numbers = resolve(token)
        let number: Int
        if let known = routeBySubscribers[numbers] {
            number = known
        } else {
            let subscribers = numbers.compactMap(connection)
            let route = Route.allocate(capacity: subscribers.count)
            _ = route.initialize(from: subscribers.map(\.pieces))
            number = routes.count
            routes.append(route)
            routeBySubscribers[numbers] = number
        }
        routeByToken[token] = number
        return number
    }
}

@available(*, unavailable)
extension RouteTable: Sendable {}

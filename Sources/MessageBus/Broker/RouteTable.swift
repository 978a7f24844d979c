/// From a token to the list of its subscribers, kept until a market-data subscription changes.
///
/// Tokens with the same subscribers share one route, so that neighbouring frames of different tokens can be
/// copied as one run. A direct-mapped front saves most dictionary look-ups. Confined to the broker's event
/// loop.
struct RouteTable {
    /// The subscribers of each route, by route number.
    private(set) var routes: [ContiguousArray<BrokerConnection>] = []
    private var routeByToken: [UInt32: Int] = [:]
    private var routeBySubscribers: [[Int]: Int] = [:]
    private var front: [(token: UInt32, route: Int32)] = Self.emptyFront

    private static let frontBits: UInt32 = 10
    private static let emptyFront = Array(
        repeating: (token: UInt32(0), route: Int32(-1)), count: 1 << frontBits)

    /// Whether no further token should be added before `removeAll`.
    var isFull: Bool { routeByToken.count >= Limits.cachedRoutesMax }

    /// The route of a token; `resolve` gives its subscribers' numbers and `connection` their connections when
    /// the route is not known yet.
    mutating func route(
        of token: UInt32, resolve: (UInt32) -> [Int], connection: (Int) -> BrokerConnection?
    ) -> Int {
        let slot = Int((token &* 2_654_435_769) >> (32 - Self.frontBits))
        let entry = front[slot]
        if entry.token == token, entry.route >= 0 { return Int(entry.route) }
        let route = routeByToken[token] ?? makeRoute(of: token, resolve: resolve, connection: connection)
        front[slot] = (token, Int32(route))
        return route
    }

    /// Forgets all routes, because the subscriptions changed.
    mutating func removeAll() {
        guard !routes.isEmpty else { return }
        routes.removeAll()
        routeByToken.removeAll(keepingCapacity: true)
        routeBySubscribers.removeAll()
        front = Self.emptyFront
    }

    private mutating func makeRoute(
        of token: UInt32, resolve: (UInt32) -> [Int], connection: (Int) -> BrokerConnection?
    ) -> Int {
        let subscribers = resolve(token)
        let route: Int
        if let known = routeBySubscribers[subscribers] {
            route = known
        } else {
            route = routes.count
            routes.append(ContiguousArray(subscribers.compactMap(connection)))
            routeBySubscribers[subscribers] = route
        }
        routeByToken[token] = route
        return route
    }
}

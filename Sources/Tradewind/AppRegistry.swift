import MarketData
import Synchronization
import TradingEngine

/// The strategies and feeds compiled into this executable, by registered name.
struct AppRegistry: Sendable {
    /// In registration order.
    let strategies: [any Strategy.Type]
    /// The built-in ones and the program's own.
    let feeds: FeedRegistry

    /// Traps on a name that is used twice or is not lowercase with underscores: that is a mistake in the program.
    init(strategies: [any Strategy.Type], feeds: [any MarketDataFeed.Type]) {
        var names: Set<String> = []
        for strategy in strategies {
            precondition(
                Self.isWellFormed(strategy.name),
                "strategy name '\(strategy.name)' is not lowercase_with_underscores")
            precondition(names.insert(strategy.name).inserted, "two strategies are named '\(strategy.name)'")
        }
        self.strategies = strategies
        var registry = FeedRegistry()
        for feed in feeds { registry.register(feed) }
        self.feeds = registry
    }

    /// The strategy registered under a name.
    func strategy(named name: String) -> (any Strategy.Type)? { strategies.first { $0.name == name } }

    private static func isWellFormed(_ name: String) -> Bool {
        guard let first = name.utf8.first, (0x61...0x7A).contains(first) else { return false }
        return name.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F }
    }

    // MARK: - The one of this process

    private static let current = Mutex<AppRegistry?>(nil)

    /// Sets the registry of this process, once, before the command line is parsed.
    static func install(_ registry: AppRegistry) { current.withLock { $0 = registry } }

    /// The registry of this process.
    static var shared: AppRegistry {
        guard let registry = current.withLock({ $0 }) else {
            preconditionFailure("TradewindApp.main installs the registry before any command runs")
        }
        return registry
    }
}

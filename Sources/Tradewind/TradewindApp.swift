import ArgumentParser
import CPlatform
public import MarketData
public import TradingEngine

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A program with the whole command line of Tradewind and your own strategies compiled in:
///
/// ```swift
/// import Tradewind
///
/// @main struct MyDesk: TradewindApp {
///     static let strategies: [any Strategy.Type] = [Momentum.self]
/// }
/// ```
///
/// The manager, every executor, feed and the bus are processes of this one executable.
public protocol TradewindApp {
    /// The strategies that can be named as a class; names must be unique, lowercase with underscores.
    static var strategies: [any Strategy.Type] { get }

    /// Feeds of your own, beside the built-in `file` and `synthetic`.
    static var feeds: [any MarketDataFeed.Type] { get }
}

extension TradewindApp {
    public static var feeds: [any MarketDataFeed.Type] { [] }

    /// Runs the command line, or the role a manager started this process for; never returns.
    public static func main() {
        let registry = AppRegistry(strategies: strategies, feeds: feeds)
        AppRegistry.install(registry)
        cplatform_raise_descriptor_limit()
        if CommandLine.arguments.count == 3, CommandLine.arguments[1] == RoleProcess.verb {
            exit(RoleProcess.run(role: CommandLine.arguments[2], registry: registry))
        }
        if CommandLine.arguments.count == 3, CommandLine.arguments[1] == BusBenchPeer.verb {
            exit(BusBenchPeer.run(settings: CommandLine.arguments[2]))
        }
        // Lines appear as they are printed, also in a pipe.
        cplatform_line_buffer_output()
        if CommandLine.arguments.count == 2, CommandLine.arguments[1] == SweepWorker.verb {
            exit(SweepWorker.run(registry: registry))
        }
        RootCommand.main()
    }
}

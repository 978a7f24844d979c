public import TradingModel

/// The kinds of feeds a program knows, in the order registered.
public struct FeedRegistry: Sendable {
    /// The kinds, those of this module first.
    public private(set) var types: [any MarketDataFeed.Type] = []

    /// Makes a registry with the feeds of this module, `file`, `socket` and `synthetic`.
    public init() {
        register(FileFeed.self)
        register(SocketFeed.self)
        register(SyntheticFeed.self)
    }

    /// Adds a kind; traps when its name is taken or is not of lowercase letters, digits and underscores.
    public mutating func register(_ type: any MarketDataFeed.Type) {
        let name = type.name
        let isValid = name.utf8.allSatisfy { byte in
            (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x5F
        }
        precondition(isValid && !name.isEmpty, "feed name '\(name)' is not lowercase with underscores")
        precondition(!types.contains { $0.name == name }, "two feeds are named '\(name)'")
        types.append(type)
    }

    /// The feed type of a kind; throws `unknownFeed` with the names there are.
    public func type(kind: String) throws(MarketDataError) -> any MarketDataFeed.Type {
        for type in types where type.name == kind { return type }
        let names = types.map { $0.name }.joined(separator: ", ")
        throw MarketDataError(.unknownFeed, "no feed of kind '\(kind)'; there are: \(names)")
    }

    /// Prepares the feed that a configuration describes.
    public func makeFeed(_ configuration: FeedConfiguration) throws -> any MarketDataFeed {
        try type(kind: configuration.kind).init(configuration: configuration)
    }

    /// The instruments the feed of a configuration will publish.
    public func instruments(for configuration: FeedConfiguration) throws -> [Instrument] {
        try type(kind: configuration.kind).instruments(for: configuration)
    }
}

// swift-tools-version: 6.2

import PackageDescription

/// Every target of ours is built with the same strictness: Swift 6 mode, explicit existentials,
/// imports that say what they expose, and no warning let through.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

/// Places at which tests have an executor killed are compiled into debug builds only.
let failpoints: [SwiftSetting] = [.define("TRADEWIND_FAILPOINTS", .when(configuration: .debug))]

let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
]
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let orderedCollections: Target.Dependency = .product(name: "OrderedCollections", package: "swift-collections")
let histogram: Target.Dependency = .product(name: "Histogram", package: "hdrhistogram-swift")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

let web: [Target.Dependency] = [
    .product(name: "Hummingbird", package: "hummingbird"),
    .product(name: "HummingbirdCore", package: "hummingbird"),
    .product(name: "HTTPTypes", package: "swift-http-types"),
    .product(name: "Logging", package: "swift-log"),
]

let package = Package(
    name: "Tradewind",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "tradewind", targets: ["DemoDesk"]),
        .executable(name: "tradewind-web", targets: ["tradewind-web"]),
        .library(name: "Tradewind", targets: ["Tradewind"]),
    ],
    dependencies: [
        // Event loops and sockets of the broker, its clients and the long-running roles; replaces a poll loop of our own.
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        // SQLite access of the control plane (statements, transactions, row decoding) on the system's libsqlite3.
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        // HMAC-SHA256 of bus tokens and SHA-256 of deployed binaries; replaces hash functions of our own.
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        // Dictionaries that keep an order, of subscriptions; replaces an array with an index beside it.
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        // Latency distributions of the bus measurement, merged over its processes; replaces a histogram of our own.
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        // Commands, options, help texts and shell completions of the command line.
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        // HTTP server and router of the web page and its API; linked into tradewind-web alone. Without its traits it
        // needs neither all of Foundation nor a configuration library.
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        // The types of hummingbird's interface.
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    ],
    targets: [
        .target(name: "CPlatform"),
        .target(name: "TradingModel", swiftSettings: strict),
        .target(name: "TradingEngine", dependencies: ["TradingModel"], swiftSettings: strict),
        // Compressed files are unpacked by the programs gzip and zstd, not by libraries: no headers to be found at
        // build time, executables without further shared libraries, and the unpacking runs on a core of its own.
        .target(name: "MarketData", dependencies: ["TradingModel", "CPlatform"], swiftSettings: strict),
        .target(
            name: "MessageBus",
            dependencies: ["TradingModel", "CPlatform", crypto, orderedCollections] + nio,
            exclude: ["PROTOCOL.md"],
            swiftSettings: strict),
        .target(
            name: "GatewayProtocol", dependencies: ["TradingModel", "CPlatform"] + nio,
            exclude: ["PROTOCOL.md"], swiftSettings: strict),
        .target(
            name: "ControlPlane", dependencies: ["TradingModel", "CPlatform", grdb],
            resources: [.embedInCode("schema.sql")], swiftSettings: strict),
        .target(
            name: "Supervision",
            dependencies: [
                "TradingModel", "ControlPlane", "MessageBus", "GatewayProtocol", "MarketData", "CPlatform",
                crypto,
            ]
                + nio,
            swiftSettings: strict),
        .target(
            name: "StrategyExecution",
            dependencies: [
                "TradingModel", "TradingEngine", "MessageBus", "GatewayProtocol", "MarketData", "CPlatform",
            ] + nio,
            swiftSettings: strict + failpoints),
        .target(
            name: "Backtesting", dependencies: ["TradingModel", "TradingEngine", "MarketData"],
            swiftSettings: strict),
        .target(
            name: "Monitoring", dependencies: ["TradingModel", "ControlPlane", "MessageBus"] + nio,
            swiftSettings: strict),
        .target(
            name: "WebDashboard",
            dependencies: [
                "TradingModel", "ControlPlane", "MessageBus", "MarketData", "Supervision", "Monitoring",
                crypto,
            ] + web + nio,
            resources: [
                .embedInCode("Page/index.html"), .embedInCode("Page/page.css"), .embedInCode("Page/app.js"),
                .embedInCode("Page/live.js"), .embedInCode("Page/format.js"), .embedInCode("Page/charts.js"),
                .embedInCode("Page/strategies.js"), .embedInCode("Page/strategy.js"),
                .embedInCode("Page/lists.js"), .embedInCode("Page/commands.js"),
                .embedInCode("Page/alerts.js"),
            ], swiftSettings: strict),
        .executableTarget(
            name: "tradewind-web",
            dependencies: [
                "WebDashboard", "ControlPlane", "Supervision", "TradingModel", "CPlatform", argumentParser,
            ],
            path: "Sources/WebProgram", swiftSettings: strict),
        .target(
            name: "Tradewind",
            dependencies: [
                "TradingModel", "TradingEngine", "MarketData", "MessageBus", "ControlPlane", "Supervision",
                "StrategyExecution", "Backtesting", "Monitoring", "CPlatform", argumentParser, histogram,
            ] + nio, swiftSettings: strict),
        .target(
            name: "ExampleStrategies", dependencies: ["Tradewind"], path: "examples/Strategies",
            swiftSettings: strict),
        .executableTarget(
            name: "DemoDesk", dependencies: ["Tradewind", "ExampleStrategies"], path: "examples/Desk",
            swiftSettings: strict),
        .executableTarget(
            name: "order-gateway",
            dependencies: [
                "GatewayProtocol", "TradingModel", "TradingEngine", "MessageBus", "ControlPlane",
                "Supervision",
                "CPlatform", argumentParser,
            ] + nio, path: "examples/Gateway", swiftSettings: strict),
        .executableTarget(
            name: "ingestion-benchmark", dependencies: ["ControlPlane", "StrategyExecution", "TradingModel"],
            path: "Benchmarks/Ingestion", swiftSettings: strict),

        .executableTarget(
            name: "ticks-benchmark", dependencies: ["MarketData", "TradingModel"], path: "Benchmarks/Ticks",
            swiftSettings: strict),

        .target(
            name: "TestSupport", dependencies: ["TradingModel"], path: "Tests/TestSupport",
            swiftSettings: strict),
        .target(
            name: "FrameChecks", dependencies: ["MessageBus", "TradingModel"] + nio,
            path: "Tests/FrameChecks", swiftSettings: strict),
        .testTarget(name: "TradingModelTests", dependencies: ["TradingModel"], swiftSettings: strict),
        .testTarget(
            name: "TradingEngineTests", dependencies: ["TradingEngine", "TradingModel"],
            exclude: ["Fixtures"],
            swiftSettings: strict),
        .testTarget(
            name: "ExampleStrategiesTests",
            dependencies: ["ExampleStrategies", "TradingEngine", "TradingModel"],
            swiftSettings: strict),
        .testTarget(
            name: "MarketDataTests", dependencies: ["MarketData", "TradingModel", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "MessageBusTests",
            dependencies: ["MessageBus", "TradingModel", "FrameChecks", "TestSupport", "DemoDesk"] + nio,
            swiftSettings: strict),
        .testTarget(
            name: "ControlPlaneTests", dependencies: ["ControlPlane", "TradingModel", "TestSupport", grdb],
            exclude: ["Fixtures"], swiftSettings: strict),
        .testTarget(
            name: "StrategyExecutionTests",
            dependencies: [
                "StrategyExecution", "GatewayProtocol", "TradingEngine", "MarketData", "TradingModel",
                "TestSupport",
            ], swiftSettings: strict),
        .testTarget(
            name: "BacktestingTests",
            dependencies: ["Backtesting", "TradingEngine", "MarketData", "TradingModel", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "MonitoringTests",
            dependencies: ["Monitoring", "ControlPlane", "MessageBus", "TradingModel", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "WebDashboardTests",
            dependencies: [
                "WebDashboard", "ControlPlane", "Monitoring", "TradingModel", "TestSupport", "tradewind-web",
                "DemoDesk",
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ], exclude: ["browser.py"], swiftSettings: strict),
        .testTarget(
            name: "SupervisionManagerTests",
            dependencies: ["Supervision", "ControlPlane", "TradingModel", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "GatewayTests",
            dependencies: ["GatewayProtocol", "TradingModel", "TestSupport", "order-gateway", "DemoDesk"]
                + nio,
            swiftSettings: strict),
        .testTarget(name: "TidyTests", swiftSettings: strict),
        .testTarget(
            name: "SupervisionTests",
            dependencies: ["Supervision", "ControlPlane", "TradingModel", "CPlatform"],
            swiftSettings: strict),
        .executableTarget(
            name: "FaultDesk", dependencies: ["Tradewind"], path: "Tests/FaultDesk", swiftSettings: strict),
        .executableTarget(
            name: "chaos", dependencies: ["TestSupport", "TradingModel"], path: "Tests/Chaos",
            swiftSettings: strict),
        .testTarget(
            name: "EndToEndTests",
            dependencies: ["TestSupport", "DemoDesk", "FaultDesk", "order-gateway", "TradingModel"],
            exclude: ["independent_reader.py", "independent_statistics.py", "webhook_server.py"],
            swiftSettings: strict),
    ]
)

// The fuzz target links the fuzzer's own driver, so it is there only when `scripts/fuzz` asks for it.
if Context.environment["TRADEWIND_FUZZ"] != nil {
    package.targets += [
        .target(name: "CFuzzer", path: "Tests/Fuzzing/CFuzzer"),
        .executableTarget(
            name: "BusFuzzer", dependencies: ["FrameChecks", "CFuzzer"], path: "Tests/Fuzzing/BusFuzzer",
            swiftSettings: strict),
    ]
}

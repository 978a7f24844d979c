import Testing

/// Arrows between modules point down only, and siblings do not import each other.
@Suite struct ModuleTests {
    /// What each module may import of ours and of packages.
    private static let allowed: [String: Set<String>] = [
        "CPlatform": [],
        "TradingModel": [],
        "TradingEngine": ["TradingModel"],
        "MarketData": ["TradingModel", "CPlatform"],
        "MessageBus": ["TradingModel", "CPlatform", "Crypto", "NIOCore", "NIOPosix", "OrderedCollections"],
        "GatewayProtocol": ["TradingModel", "CPlatform", "NIOCore", "NIOPosix"],
        "ControlPlane": ["TradingModel", "CPlatform", "GRDB", "GRDBSQLite"],
        "Supervision": [
            "TradingModel", "ControlPlane", "MessageBus", "GatewayProtocol", "MarketData", "CPlatform",
            "Crypto", "NIOCore",
            "NIOPosix",
        ],
        "StrategyExecution": [
            "TradingModel", "TradingEngine", "MessageBus", "GatewayProtocol", "MarketData", "CPlatform",
            "NIOCore",
            "NIOPosix",
        ],
        "Backtesting": ["TradingModel", "TradingEngine", "MarketData"],
        "Monitoring": ["TradingModel", "ControlPlane", "MessageBus", "NIOCore"],
        // The only modules that know HTTP; executors and the manager are not linked with them.
        "WebDashboard": [
            "TradingModel", "ControlPlane", "MessageBus", "MarketData", "Supervision", "Monitoring",
            "CPlatform",
            "Crypto",
            "NIOCore", "NIOPosix", "Hummingbird", "HummingbirdCore", "HTTPTypes", "Logging",
        ],
        "WebProgram": ["WebDashboard", "ControlPlane", "Supervision", "CPlatform", "ArgumentParser"],
        "Tradewind": [
            "TradingModel", "TradingEngine", "MarketData", "MessageBus", "ControlPlane", "Supervision",
            "StrategyExecution", "Backtesting", "Monitoring", "CPlatform", "NIOCore", "NIOPosix",
            "ArgumentParser", "Histogram",
        ],
        // What authors of strategies do: one import.
        "examples/Strategies": ["Tradewind"],
        "examples/Desk": ["Tradewind", "ExampleStrategies"],
        "examples/MyDesk": ["Tradewind"],
        // A venue is no part of the desk, but speaks the bus's language and fills by the engine's exchange.
        "examples/Gateway": [
            "GatewayProtocol", "TradingModel", "TradingEngine", "MessageBus", "ControlPlane", "Supervision",
            "CPlatform", "NIOCore", "NIOPosix", "ArgumentParser",
        ],
    ]

    /// The C library, and the parts of the system that any module but the innermost may use.
    private static let system: Set<String> = [
        "Darwin", "Dispatch", "Foundation", "FoundationEssentials", "Glibc", "Musl", "Synchronization",
    ]

    /// Modules without I/O: not even the system.
    private static let pure: Set<String> = ["TradingModel", "TradingEngine"]

    private struct Import {
        var folder: String
        var file: String
        var module: String
    }

    @Test func modulesImportOnlyWhatIsBelowThem() throws {
        let imports = try Self.imports()
        for entry in imports {
            let allowed = try #require(Self.allowed[entry.folder], "\(entry.folder) is not in the table")
            let isAllowed =
                allowed.contains(entry.module)
                || (!Self.pure.contains(entry.folder) && Self.system.contains(entry.module))
            #expect(isAllowed, "\(entry.file) imports \(entry.module)")
        }
        #expect(Set(imports.map(\.folder)).count > 10, "the imports are found")
    }

    @Test func everyModuleOfTheTableExists() throws {
        let folders = Set(try Repository.files(in: ["Sources", "examples"]).map { Self.folder($0.path) })
        #expect(folders.isSuperset(of: Self.allowed.keys))
    }

    @Test func modelAndEngineAreFreeOfTheSystem() throws {
        let system = Self.system
        for entry in try Self.imports() where Self.pure.contains(entry.folder) {
            #expect(!system.contains(entry.module), "\(entry.file) imports \(entry.module)")
        }
    }

    @Test func manifestHasNoDependencyThatTheTableForbids() throws {
        let manifest = try #require(Repository.file("Package.swift")).text
        let targets = manifest.components(of: ".target(").dropFirst()
        #expect(targets.count >= 11)
        for target in targets {
            guard let name = target.quoted.first, let allowed = Self.allowed[name] else { continue }
            let list = target.components(of: "dependencies: [").dropFirst().first ?? ""
            let names = (list.components(of: "]").first ?? "").quoted
            for dependency in names { #expect(allowed.contains(dependency), "\(name) -> \(dependency)") }
        }
    }

    private static func imports() throws -> [Import] {
        try Repository.files(in: ["Sources", "examples"])
            .filter { $0.path.hasSuffix(".swift") && !$0.path.hasSuffix("/Package.swift") }
            .flatMap { file in
                file.lines.compactMap { line in
                    module(line).map {
                        Import(folder: folder(file.path), file: file.path, module: $0)
                    }
                }
            }
    }

    /// `Sources/TradingModel/Price.swift` lies in `TradingModel`, `examples/Desk/...` in `examples/Desk`.
    private static func folder(_ path: String) -> String {
        let parts = path.split(separator: "/")
        guard parts.count > 2 else { return path }
        return parts[0] == "Sources" ? String(parts[1]) : parts[0] + "/" + parts[1]
    }

    /// The module of an import declaration, be it with an access level, an attribute or a kind.
    private static func module(_ line: Substring) -> String? {
        let words = line.split { $0 == " " || $0 == "\t" }
        guard let index = words.firstIndex(of: "import"), index + 1 < words.count,
            words[..<index].allSatisfy({ $0.hasPrefix("@") || levels.contains($0) })
        else { return nil }
        let name = kinds.contains(words[index + 1]) ? words.last : words[index + 1]
        return name.flatMap { $0.split(separator: ".").first }.map(String.init)
    }

    private static let levels: Set<Substring> = ["public", "package", "internal", "private", "fileprivate"]
    private static let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var"]
}

extension String {
    /// The parts between occurrences of a text.
    func components(of separator: String) -> [String] {
        split(separator: separator, omittingEmptySubsequences: false).map(String.init)
    }

    /// What stands between double quotes.
    var quoted: [String] {
        components(of: "\"").enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
    }
}

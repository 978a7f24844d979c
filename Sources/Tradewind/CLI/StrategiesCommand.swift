import ArgumentParser
import ControlPlane
import Monitoring
import StrategyExecution
import TradingEngine
import TradingModel

/// `tradewind strategies ...`
struct StrategiesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "strategies", abstract: "List classes; add, list, show, change and remove strategies.",
        subcommands: [Classes.self, Add.self, List.self, Show.self, Set.self, Remove.self])

    /// `tradewind strategies classes`
    struct Classes: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The strategy classes of this program with their parameters.")

        @OptionGroup var ignored: IgnoredHomeOption

        @Flag(name: .long, help: "Print JSON.")
        var json = false

        func run() throws {
            try reporting {
                let strategies = AppRegistry.shared.strategies
                if json { return try printJSON(strategies.map { ClassDocument($0) }) }
                for strategy in strategies {
                    print("\(strategy.name)  \(strategy.summary)")
                    var table = TextTable("  parameter", "kind", "default", "range", "live", "")
                    for parameter in strategy.parameters {
                        table.append(
                            "  " + parameter.name, parameter.kind, parameter.defaultText, parameter.rangeText,
                            parameter.isLive ? "live" : "", parameter.help)
                    }
                    if !strategy.parameters.isEmpty { print(table.rendered()) }
                    print()
                }
            }
        }
    }

    /// `tradewind strategies add NAME --class CLASS`
    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add a strategy. A running manager starts it at once, unless --no-auto-start.")

        @OptionGroup var home: HomeOptions
        @Argument(help: "A name of your choice, unique in the home.") var name: String
        @Option(name: .customLong("class"), help: "The registered name, see 'strategies classes'.")
        var className: String
        @OptionGroup var settings: StrategySettings
        @Option(name: .long, help: "The executable that has the class compiled in; this one when left out.")
        var module: String?
        @Flag(inversion: .prefixedNo, help: "Start it as soon as a manager runs.") var autoStart = true

        func run() throws {
            try reporting {
                let configJSON = try settings.apply(to: "{}")
                if module == nil {
                    let strategy = try AppRegistry.shared.requireStrategy(named: className)
                    try StrategyCheck.check(
                        strategy, configJSON: configJSON, limitsJSON: settings.limitsJSON, isTrying: true)
                }
                let row = try home.open(.client).insertStrategy(
                    NewStrategy(
                        name: name, className: className, modulePath: module, configJSON: configJSON,
                        isAutoStart: autoStart, limitsJSON: settings.limitsJSON ?? "{}"))
                print("added \(row.name) (\(row.id))")
            }
        }
    }

    /// `tradewind strategies list`
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "All strategies.")

        @OptionGroup var home: HomeOptions
        @Flag(name: .long, help: "Print JSON.") var json = false

        func run() throws {
            try reporting {
                let store = try home.open(.reader)
                let rows = try store.strategies()
                if json { return try printJSON(rows.map { StrategyDocument($0) }) }
                let trading = try store.tradingStates()
                let all = trading[ControlStore.allStrategies] ?? TradingStateRow()
                var table = TextTable("name", "class", "status", "desired", "trading", "configuration")
                for row in rows {
                    let own = trading[row.id] ?? TradingStateRow()
                    table.append(
                        row.name, row.className, row.status.rawValue, row.desiredState.rawValue,
                        max(own.state, all.state).rawValue, row.configJSON)
                }
                print(table.rendered())
            }
        }
    }

    /// `tradewind strategies show NAME`
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "One strategy: its configuration, its processes and what happened to it.")

        @OptionGroup var home: HomeOptions
        @Argument(help: "Name or id.") var name: String
        @Flag(name: .long, help: "Print JSON.") var json = false

        func run() throws {
            try reporting {
                let store = try home.open(.reader)
                let row = try store.requireStrategy(name)
                if json { return try printJSON(StrategyDocument(row)) }
                print(try StrategyPage(row: row, store: store).text())
            }
        }
    }

    /// `tradewind strategies set NAME --set k=v`
    struct Set: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change a strategy's stored configuration; it takes effect at the next start.")

        @OptionGroup var home: HomeOptions
        @Argument(help: "Name or id.") var name: String
        @OptionGroup var settings: StrategySettings

        func run() throws {
            try reporting {
                let store = try home.open(.client)
                let row = try store.requireStrategy(name)
                let configJSON = try settings.apply(to: row.configJSON)
                let limitsJSON = settings.limitsJSON ?? row.limitsJSON
                if row.modulePath == nil {
                    let strategy = try AppRegistry.shared.requireStrategy(named: row.className)
                    try StrategyCheck.check(
                        strategy, configJSON: configJSON, limitsJSON: limitsJSON, isTrying: true)
                }
                let changed = try store.updateStrategy(
                    row.id, StrategyChange(configJSON: configJSON, limitsJSON: limitsJSON))
                print("\(changed.name): \(changed.configJSON)")
                if row.status.isLive { print("it runs with the old settings until it is restarted") }
            }
        }
    }

    /// `tradewind strategies remove NAME`
    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Delete a strategy and what the database knows of it. It must be stopped; its journal stays.")

        @OptionGroup var home: HomeOptions
        @Argument(help: "Name or id.") var name: String

        func run() throws {
            try reporting {
                let store = try home.open(.client)
                let row = try store.requireStrategy(name)
                try store.removeStrategy(row.id)
                print(
                    "removed \(row.name); its journal stays in \(try home.directory().journalDirectory(strategyID: row.id))"
                )
            }
        }
    }
}

extension ControlStore {
    /// A strategy by name or id; throws with the names there are.
    func requireStrategy(_ name: String) throws -> StrategyRow {
        if let row = try strategy(name) { return row }
        let known = try strategies().map(\.name).joined(separator: ", ")
        throw CommandLineError(
            ExitCodes.noInput,
            "no strategy '\(name)'; " + (known.isEmpty ? "there are none" : "there are: \(known)"))
    }
}

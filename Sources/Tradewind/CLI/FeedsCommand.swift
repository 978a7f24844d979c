import ArgumentParser
import ControlPlane
import Foundation
import MarketData
import Monitoring

/// `tradewind feeds ...`
struct FeedsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "feeds", abstract: "List kinds; add, list and remove sources of market data.",
        subcommands: [Kinds.self, Add.self, List.self, Remove.self])

    /// `tradewind feeds kinds`
    struct Kinds: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The kinds of feeds of this program.")

        @OptionGroup var ignored: IgnoredHomeOption

        func run() throws {
            var table = TextTable("kind", "")
            for type in AppRegistry.shared.feeds.types { table.append(type.name, type.summary) }
            print(table.rendered())
        }
    }

    /// `tradewind feeds add NAME --kind KIND`
    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add a feed and its instruments.",
            discussion: """
                file: path=F or paths=[...], speed=max or a number (1 is real time), loop=true, start=TIME, \
                lossless=true. synthetic: symbols=[...], seed=N, rate=N, start_price=P, speed, start, count, ...
                """)

        @OptionGroup var home: HomeOptions
        @Argument(help: "A name of your choice, unique in the home.") var name: String
        @Option(name: .long, help: "file, synthetic, or a kind of your own.") var kind: String
        @Option(
            name: .long,
            help: "An option of the kind as name=value; lists as [\"A\",\"B\"] or A,B; repeatable.")
        var set: [KeyValueOption] = []

        func run() throws {
            try reporting {
                let configJSON = try JSONText.encode(options())
                let configuration = try FeedConfiguration(feedName: name, kind: kind, json: configJSON)
                // Making the feed checks every option; reading its instruments checks its files.
                _ = try AppRegistry.shared.feeds.makeFeed(configuration)
                let instruments = try AppRegistry.shared.feeds.instruments(for: configuration)
                let store = try home.open(.client)
                try store.upsertInstruments(instruments)
                let row = try store.insertFeed(name: name, kind: kind, configJSON: configJSON)
                print("added feed \(row.name) with \(instruments.map(\.symbol).joined(separator: ", "))")
            }
        }

        /// The options as JSON values; paths become absolute, because the manager runs elsewhere.
        private func options() -> [String: Any] {
            var object: [String: Any] = [:]
            for option in set {
                switch option.name {
                case "path": object["path"] = absolute(option.text)
                case "paths": object["paths"] = list(option.text).map { absolute($0) }
                case "symbols": object["symbols"] = list(option.text)
                default: object[option.name] = value(option.text)
                }
            }
            return object
        }

        private func absolute(_ path: String) -> String { URL(fileURLWithPath: path).path }

        private func list(_ text: String) -> [String] {
            if text.hasPrefix("["),
                let values = try? JSONDecoder().decode([String].self, from: Data(text.utf8))
            {
                return values
            }
            return text.split(separator: ",").map(String.init)
        }

        private func value(_ text: String) -> Any {
            if text.hasPrefix("["),
                let values = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [Any]
            {
                return values
            }
            return Double(text).flatMap { Int64(exactly: $0) == nil ? $0 : nil } ?? JSONText.value(text)
        }
    }

    /// `tradewind feeds list`
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "All feeds.")

        @OptionGroup var home: HomeOptions
        @Flag(name: .long, help: "Print JSON.") var json = false

        func run() throws {
            try reporting {
                let rows = try home.open(.reader).feeds()
                if json { return try printJSON(rows.map { FeedDocument($0) }) }
                var table = TextTable("name", "kind", "enabled", "status", "configuration", "")
                for row in rows {
                    table.append(
                        row.name, row.kind, row.isEnabled ? "yes" : "no", row.status.rawValue, row.configJSON,
                        row.reason)
                }
                print(table.rendered())
            }
        }
    }

    /// `tradewind feeds remove NAME`
    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove a feed; a running manager stops it. Its instruments stay.")

        @OptionGroup var home: HomeOptions
        @Argument(help: "The feed's name.") var name: String

        func run() throws {
            try reporting {
                try home.open(.client).removeFeed(name)
                print("removed feed \(name)")
            }
        }
    }
}

/// A feed's row as JSON.
private struct FeedDocument: Encodable {
    var name: String
    var kind: String
    var enabled: Bool
    var status: String
    var reason: String
    var config: String

    enum CodingKeys: String, CodingKey {
        case name, kind, enabled, status, reason
        case config = "config_json"
    }

    init(_ row: FeedRow) {
        name = row.name
        kind = row.kind
        enabled = row.isEnabled
        status = row.status.rawValue
        reason = row.reason
        config = row.configJSON
    }
}

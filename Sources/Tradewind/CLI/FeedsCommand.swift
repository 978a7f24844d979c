import ArgumentParser
import ControlPlane
import Foundation
import MarketData
import Monitoring

/// `tradewind feeds ...`
struct FeedsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "feeds", abstract: "List kinds; add, list, record and remove sources of market data.",
        subcommands: [Kinds.self, Add.self, List.self, Record.self, Remove.self])

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
                lossless=true. socket: address=unix:/PATH or HOST:PORT, symbols=[...], format=csv|json|frames, \
                preset=quotes|trades|ohlcv, map=FIELD=COLUMN,..., mode=listen|connect. synthetic: symbols=[...], \
                seed=N, rate=N, start_price=P, speed, start, count, ... Live feeds: stale_after=SECONDS or \
                SYMBOL=SECONDS,..., quiet_after=SECONDS.
                """)

        @OptionGroup var home: HomeOptions
        @Argument(help: "A name of your choice, unique in the home.") var name: String
        @Option(name: .long, help: "file, socket, synthetic, or a kind of your own.") var kind: String
        @Option(
            name: .long,
            help: "An option of the kind as name=value; lists as [\"A\",\"B\"] or A,B; repeatable.")
        var set: [KeyValueOption] = []
        @Option(
            name: .long, help: "Whether to record it: on, off, or default, which leaves that to a setting.")
        var record = RecordChoice.default

        func run() throws {
            try reporting {
                let configJSON = try JSONText.encode(options())
                let configuration = try FeedConfiguration(feedName: name, kind: kind, json: configJSON)
                // Making the feed checks every option; reading its instruments checks its files.
                _ = try AppRegistry.shared.feeds.makeFeed(configuration)
                let instruments = try AppRegistry.shared.feeds.instruments(for: configuration)
                // Limits of staleness are read by the feed's host.
                _ = try FeedMonitor(configuration, instruments: instruments, now: ContinuousClock.now)
                let store = try home.open(.client)
                // What is known of an instrument already, its increments for one, was put there by somebody.
                let known = Set(try store.instruments().map(\.symbol))
                try store.upsertInstruments(instruments.filter { !known.contains($0.symbol) })
                let row = try store.insertFeed(
                    name: name, kind: kind, configJSON: configJSON, isRecorded: record.isRecorded)
                let symbols =
                    instruments.map(\.symbol)
                    + (configuration.takesAnySymbol ? ["any symbol that comes"] : [])
                print(
                    symbols.isEmpty
                        ? "added feed \(row.name), whose instruments come up while it runs"
                        : "added feed \(row.name) with \(symbols.joined(separator: ", "))")
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
                var table = TextTable(
                    "name", "kind", "enabled", "record", "status", "health", "configuration", "")
                for row in rows {
                    table.append(
                        row.name, row.kind, row.isEnabled ? "yes" : "no",
                        RecordChoice(row.isRecorded).rawValue, row.status.rawValue,
                        row.health.isEmpty ? "-" : row.health, row.configJSON,
                        row.reason.isEmpty ? row.detail : row.reason)
                }
                print(table.rendered())
            }
        }
    }

    /// `tradewind feeds record NAME on|off|default`
    struct Record: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say whether a feed is recorded; a running recorder follows at once.",
            discussion: """
                default leaves it to the setting record_by_default, which is on: live feeds are recorded, replays of \
                files and of a virtual market are not.
                """)

        @OptionGroup var home: HomeOptions
        @Argument(help: "The feed's name.") var name: String
        @Argument(help: "on, off or default.") var choice: RecordChoice

        func run() throws {
            try reporting {
                try home.open(.client).setRecording(of: name, to: choice.isRecorded)
                print("recording of feed \(name): \(choice.rawValue)")
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

/// Whether a feed is recorded, as an operator says it.
enum RecordChoice: String, ExpressibleByArgument, CaseIterable {
    case on, off, `default`

    init(_ isRecorded: Bool?) { self = isRecorded.map { $0 ? .on : .off } ?? .default }

    /// The value of the column.
    var isRecorded: Bool? { self == .default ? nil : self == .on }
}

/// A feed's row as JSON.
private struct FeedDocument: Encodable {
    var name: String
    var kind: String
    var enabled: Bool
    var status: String
    var reason: String
    var config: String
    var record: Bool?
    var health: String
    var detail: String

    enum CodingKeys: String, CodingKey {
        case name, kind, enabled, status, reason, record, health, detail
        case config = "config_json"
    }

    init(_ row: FeedRow) {
        name = row.name
        kind = row.kind
        enabled = row.isEnabled
        status = row.status.rawValue
        reason = row.reason
        config = row.configJSON
        record = row.isRecorded
        health = row.health
        detail = row.detail
    }
}

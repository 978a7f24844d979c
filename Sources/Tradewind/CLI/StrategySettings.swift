import ArgumentParser
import Foundation
import TradingEngine

/// The options that make up a strategy's configuration.
struct StrategySettings: ParsableArguments {
    @Option(
        name: .long, parsing: .upToNextOption,
        help: "Instruments by their symbols, in the strategy's order; repeatable.")
    var instrument: [String] = []

    @Option(name: .long, help: "A parameter as name=value; repeatable.")
    var set: [KeyValueOption] = []

    @Option(
        name: .long,
        help: "An account setting: \(AccountSettings.names.joined(separator: ", ")).")
    var venue: [KeyValueOption] = []

    @Option(name: .long, help: "A risk limit as name=value, such as max_position=10.")
    var limit: [KeyValueOption] = []

    @Option(name: .long, help: "The seed of the strategy's random numbers.")
    var seed: UInt64?

    @Option(
        name: .long,
        help:
            "How far it looks back into recordings before it trades: today, or a time such as 30m; none to end it."
    )
    var warmUp: String?

    @Option(
        name: .long,
        help:
            "What a process begins with after a crash: saved (its last saved state), or replay (its session run again)."
    )
    var afterCrash: String?

    /// The limits as JSON; `nil` when none were given.
    var limitsJSON: String? { limit.isEmpty ? nil : JSONText.object(limit.map { ($0.name, $0.text) }) }

    /// A configuration with these settings put into it.
    func apply(to configJSON: String) throws -> String {
        var object = try JSONText.decode(configJSON)
        if !instrument.isEmpty { object["instruments"] = instrument }
        if !set.isEmpty { object["parameters"] = JSONText.merge(object["parameters"], set.inputs) }
        if !venue.isEmpty { object["venue"] = JSONText.merge(object["venue"], venue.inputs) }
        if let seed { object["seed"] = seed }
        if let warmUp { object["warm_up"] = warmUp == "none" ? nil : warmUp }
        if let afterCrash { object["after_crash"] = afterCrash }
        return try JSONText.encode(object)
    }
}

/// JSON objects made from `name=value` arguments.
enum JSONText {
    /// The members of an object; throws when the text is none.
    static func decode(_ text: String) throws -> [String: Any] {
        guard let object = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] else {
            throw CommandLineError(ExitCodes.configuration, "not a JSON object: \(text)")
        }
        return object
    }

    /// JSON text with sorted keys.
    static func encode(_ object: [String: Any]) throws -> String {
        let data = try JSONSerialization.data(
            withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes])
        return String(decoding: data, as: UTF8.self)
    }

    /// An object's members with some set anew.
    static func merge(_ object: Any?, _ inputs: [(name: String, text: String)]) -> [String: Any] {
        var members = object as? [String: Any] ?? [:]
        for input in inputs { members[input.name] = value(input.text) }
        return members
    }

    /// A JSON object of name and text pairs.
    static func object(_ pairs: [(String, String)]) -> String {
        // Texts, numbers and flags can always be encoded.
        (try? encode(Dictionary(pairs.map { ($0.0, value($0.1)) }) { $1 })) ?? "{}"
    }

    /// Whole numbers and flags as such, everything else as text: decimals must not pass through floating point.
    static func value(_ text: String) -> Any {
        if let number = Int64(text) { return number }
        switch text {
        case "true": return true
        case "false": return false
        default: return text
        }
    }
}

import Foundation
import TradingModel

/// The members of a strategy's `config_json` that the manager itself has to know.
struct ConfigurationJSON {
    /// Symbols, in order; empty when there are none or the text is no such object.
    let instruments: [String]
    /// Parameters as text, by name.
    let parameters: [String: String]
    /// The socket of the order gateway that the orders go to; `nil` where they go to none.
    let gatewaySocket: String?

    init(_ json: String) {
        let object = (try? JSONSerialization.jsonObject(with: Data(json.utf8))) as? [String: Any] ?? [:]
        instruments = object["instruments"] as? [String] ?? []
        let members = object["parameters"] as? [String: Any] ?? [:]
        parameters = members.compactMapValues { Self.text($0) }
        let venue = object["venue"] as? [String: Any] ?? [:]
        gatewaySocket = venue["kind"] as? String == "gateway" ? venue["socket"] as? String : nil
    }

    /// The members of a JSON object of scalars as text; other members and other texts are left out.
    static func scalars(_ json: String) -> [String: String] {
        let object = (try? JSONSerialization.jsonObject(with: Data(json.utf8))) as? [String: Any] ?? [:]
        return object.compactMapValues { text($0) }
    }

    private static func text(_ value: Any) -> String? {
        if let flag = flag(value) { return flag ? "true" : "false" }
        return switch value {
        case let value as String: value
        case let value as Int64: String(value)
        case let value as Double: FixedPointText.withoutExponent(value.description)
        default: nil
        }
    }

    /// NSNumber bridges 0 and 1 to Bool too; only a number made from a Boolean counts as one, which has to be
    /// asked before it is bridged.
    private static func flag(_ value: Any) -> Bool? {
        guard let number = value as? NSNumber, String(cString: number.objCType) == "c" else { return nil }
        return number.boolValue
    }
}

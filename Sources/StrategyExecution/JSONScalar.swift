import TradingModel

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A text, number or flag of a JSON object, kept as the text that parameters are parsed from.
struct JSONScalar: Decodable {
    let text: String

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(String.self) {
            text = value
        } else if let value = try? container.decode(Bool.self) {
            text = value ? "true" : "false"
        } else if let value = try? container.decode(Int64.self) {
            text = String(value)
        } else {
            // The shortest text that gives the same number back, so 0.1 stays 0.1.
            text = FixedPointText.withoutExponent(try container.decode(Double.self).description)
        }
    }

    /// An object of texts.
    static func object(_ members: [(name: String, text: String)]) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let object = Dictionary(members.map { ($0.name, $0.text) }) { _, last in last }
        // Texts can always be encoded.
        return (try? encoder.encode(object)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    /// The members of an object as (name, text), by name, so that no order depends on hashing.
    static func sorted(_ object: [String: JSONScalar]?) -> [(name: String, text: String)] {
        (object ?? [:]).map { (name: $0.key, text: $0.value.text) }.sorted { $0.name < $1.name }
    }
}

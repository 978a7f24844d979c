import Monitoring

/// The form of a JSON object that the API gives or takes; the document it serves is made of these.
struct Schema: Sendable {
    /// What a member holds.
    indirect enum Kind: Sendable {
        case string
        /// One of some words.
        case word([String])
        case integer
        case number
        case boolean
        /// Exact decimal text, such as `-12.5`.
        case decimal
        /// ISO 8601 in UTC.
        case time
        /// A JSON object of any members.
        case object
        case array(Kind)
        case reference(String)
    }

    struct Member: Sendable {
        var name: String
        var kind: Kind
        var isNullable: Bool
        var description: String

        /// A member that is always there; `?` at the end of the name says that it may be null.
        init(_ name: String, _ kind: Kind, _ description: String = "") {
            isNullable = name.hasSuffix("?")
            self.name = isNullable ? String(name.dropLast()) : name
            self.kind = kind
            self.description = description
        }
    }

    var name: String
    var members: [Member]
    /// Members that a caller may leave out of what it sends.
    var optionalNames: Set<String> = []
    /// Further members of the schema, as JSON without its braces.
    var rules: String?

    init(_ name: String, _ members: [Member], optional: Set<String> = [], rules: String? = nil) {
        self.rules = rules
        self.name = name
        self.members = members
        optionalNames = optional
    }

    /// Writes the schema of the object.
    func write(to json: inout JSONWriter) {
        guard let rules else { return writeMembers(to: &json) }
        var own = JSONWriter()
        writeMembers(to: &own)
        json.raw(own.bytes.dropLast() + Array((",\(rules)}").utf8))
    }

    private func writeMembers(to json: inout JSONWriter) {
        json.object { json in
            json.member("type", "object")
            json.member("additionalProperties", false)
            json.arrayMember("required") { json in
                for member in members where !optionalNames.contains(member.name) { json.value(member.name) }
            }
            json.objectMember("properties") { json in
                for member in members {
                    json.key(member.name)
                    Self.write(member.kind, member.isNullable, member.description, to: &json)
                }
            }
        }
    }

    /// Writes the schema of a value.
    static func write(_ kind: Kind, _ isNullable: Bool, _ description: String, to json: inout JSONWriter) {
        if case .reference(let name) = kind {
            return json.object { json in
                let path = "#/components/schemas/" + name
                guard isNullable else { return json.member("$ref", path) }
                json.arrayMember("anyOf") { json in
                    json.object { $0.member("$ref", path) }
                    json.object { $0.member("type", "null") }
                }
            }
        }
        json.object { json in
            if isNullable {
                json.arrayMember("type") { json in
                    json.value(typeName(kind))
                    json.value("null")
                }
            } else {
                json.member("type", typeName(kind))
            }
            switch kind {
            case .word(let words):
                json.arrayMember("enum") { json in
                    for word in words { json.value(word) }
                    if isNullable { json.value(nil as String?) }
                }
            case .decimal: json.member("pattern", #"^-?[0-9]+(\.[0-9]{1,8})?$"#)
            case .time: json.member("format", "date-time")
            case .array(let element):
                json.key("items")
                write(element, false, "", to: &json)
            default: break
            }
            if !description.isEmpty { json.member("description", description) }
        }
    }

    private static func typeName(_ kind: Kind) -> String {
        switch kind {
        case .string, .word, .decimal, .time: "string"
        case .integer: "integer"
        case .number: "number"
        case .boolean: "boolean"
        case .object, .reference: "object"
        case .array: "array"
        }
    }
}

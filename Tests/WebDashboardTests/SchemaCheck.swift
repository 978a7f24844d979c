import Foundation

/// Compares values with the part of JSON Schema that our document uses.
struct SchemaCheck {
    let document: [String: Any]

    /// What is wrong with a value, with the place of each fault.
    func faults(of value: Any, _ schema: [String: Any], at place: String) -> [String] {
        if let reference = schema["$ref"] as? String {
            return self.faults(of: value, resolved(reference), at: place)
        }
        if let choices = schema["anyOf"] as? [[String: Any]] {
            let isFine = choices.contains { self.faults(of: value, $0, at: place).isEmpty }
            return isFine ? [] : ["\(place): fits none of the forms"]
        }
        let types = schema["type"] as? [String] ?? [schema["type"] as? String ?? ""]
        guard types.contains(where: { isOf($0, value) }) else { return ["\(place): \(value) is no \(types)"] }
        if value is NSNull { return [] }
        var found: [String] = []
        if let text = value as? String {
            if let words = schema["enum"] as? [Any], !words.contains(where: { $0 as? String == text }) {
                found.append("\(place): \(text) is none of the words")
            }
            if let pattern = schema["pattern"] as? String,
                text.range(of: pattern, options: .regularExpression) == nil
            {
                found.append("\(place): \(text) does not look like \(pattern)")
            }
            if schema["format"] as? String == "date-time",
                text.range(of: #"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$"#, options: .regularExpression) == nil
            {
                found.append("\(place): \(text) is no time")
            }
        }
        if let object = value as? [String: Any] { found += memberFaults(object, schema, place) }
        if let list = value as? [Any], let items = schema["items"] as? [String: Any] {
            for (index, element) in list.enumerated() {
                found += self.faults(of: element, items, at: "\(place)[\(index)]")
            }
        }
        return found
    }

    private func memberFaults(_ object: [String: Any], _ schema: [String: Any], _ place: String) -> [String] {
        var faults: [String] = []
        for name in schema["required"] as? [String] ?? [] where object[name] == nil {
            faults.append("\(place): \(name) is missing")
        }
        guard let properties = schema["properties"] as? [String: [String: Any]] else { return faults }
        for (name, member) in object {
            guard let form = properties[name] else {
                faults.append("\(place): \(name) is not described")
                continue
            }
            faults += self.faults(of: member, form, at: "\(place).\(name)")
        }
        return faults
    }

    private func resolved(_ reference: String) -> [String: Any] {
        var value: Any = document
        for part in reference.split(separator: "/").dropFirst() {
            value = (value as? [String: Any])?[String(part)] ?? [:]
        }
        return value as? [String: Any] ?? [:]
    }

    private func isOf(_ type: String, _ value: Any) -> Bool {
        let number = value as? NSNumber
        let isTruth = number.map(isBoolean) ?? false
        switch type {
        case "null": return value is NSNull
        case "string": return value is String
        case "boolean": return isTruth
        case "integer": return number.map { !isTruth && $0.doubleValue == $0.doubleValue.rounded() } ?? false
        case "number": return number != nil && !isTruth
        case "array": return value is [Any]
        case "object": return value is [String: Any]
        default: return false
        }
    }

    /// Whether a number of a JSON document was written as true or false.
    private func isBoolean(_ number: NSNumber) -> Bool { String(cString: number.objCType) == "c" }
}

package import TradingModel

/// Writes one JSON document piece by piece, without values in between; linear in the length of the text.
///
/// Keys and values are written in the caller's order. Not a number and the infinities become null.
package struct JSONWriter: Sendable {
    /// The UTF-8 text so far.
    package private(set) var bytes: [UInt8] = []
    /// Whether the next value stands first in its array or object, or after a key.
    private var isFirst = true

    /// Makes an empty document.
    package init() {}

    /// The text so far.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Writes an object; `body` writes its members.
    package mutating func object(_ body: (inout JSONWriter) throws -> Void) rethrows {
        try nest(UInt8(ascii: "{"), UInt8(ascii: "}"), body)
    }

    /// Writes an array; `body` writes its values.
    package mutating func array(_ body: (inout JSONWriter) throws -> Void) rethrows {
        try nest(UInt8(ascii: "["), UInt8(ascii: "]"), body)
    }

    /// Writes the key of the member whose value is written next.
    package mutating func key(_ name: String) {
        separate()
        writeString(name)
        bytes.append(UInt8(ascii: ":"))
        isFirst = true
    }

    /// Writes a member; `nil` is null.
    package mutating func member(_ name: String, _ value: (some JSONWritable)?) {
        key(name)
        self.value(value)
    }

    /// Writes a member whose value is an object.
    package mutating func objectMember(
        _ name: String, _ body: (inout JSONWriter) throws -> Void
    ) rethrows {
        key(name)
        try object(body)
    }

    /// Writes a member whose value is an array.
    package mutating func arrayMember(
        _ name: String, _ body: (inout JSONWriter) throws -> Void
    ) rethrows {
        key(name)
        try array(body)
    }

    /// Writes a value; `nil` is null.
    package mutating func value(_ value: (some JSONWritable)?) {
        guard let value else { return raw("null".utf8) }
        value.write(to: &self)
    }

    /// Writes text that is JSON already; the caller vouches for it.
    package mutating func raw(_ json: some Sequence<UInt8>) {
        separate()
        bytes.append(contentsOf: json)
    }

    /// Writes a text as a string.
    package mutating func string(_ text: String) {
        separate()
        writeString(text)
    }

    private mutating func nest(
        _ opening: UInt8, _ closing: UInt8, _ body: (inout JSONWriter) throws -> Void
    ) rethrows {
        separate()
        bytes.append(opening)
        isFirst = true
        try body(&self)
        bytes.append(closing)
        isFirst = false
    }

    private mutating func separate() {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
    }

    private mutating func writeString(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): bytes.append(contentsOf: #"\""#.utf8)
            case UInt8(ascii: "\\"): bytes.append(contentsOf: #"\\"#.utf8)
            case 0x0A: bytes.append(contentsOf: #"\n"#.utf8)
            // Also what would end a script element, should a document ever stand in a page.
            case 0x00...0x1F, UInt8(ascii: "<"), 0x7F: writeEscape(byte)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func writeEscape(_ byte: UInt8) {
        let digits = Array("0123456789abcdef".utf8)
        bytes.append(contentsOf: #"\u00"#.utf8)
        bytes.append(digits[Int(byte >> 4)])
        bytes.append(digits[Int(byte & 15)])
    }
}

/// What a `JSONWriter` writes as one value.
package protocol JSONWritable {
    /// Writes this value.
    func write(to json: inout JSONWriter)
}

extension String: JSONWritable {
    package func write(to json: inout JSONWriter) { json.string(self) }
}

extension Bool: JSONWritable {
    package func write(to json: inout JSONWriter) { json.raw((self ? "true" : "false").utf8) }
}

extension Double: JSONWritable {
    package func write(to json: inout JSONWriter) {
        json.raw((isFinite ? description : "null").utf8)
    }
}

extension Timestamp: JSONWritable {
    package func write(to json: inout JSONWriter) { json.string(description) }
}

extension FixedPoint {
    /// Exact decimal text.
    package func write(to json: inout JSONWriter) { json.string(description) }
}

extension Money: JSONWritable {}
extension Price: JSONWritable {}
extension Quantity: JSONWritable {}

extension FixedWidthInteger {
    /// Decimal digits.
    package func write(to json: inout JSONWriter) { json.raw(description.utf8) }
}

extension Int: JSONWritable {}
extension Int32: JSONWritable {}
extension Int64: JSONWritable {}
extension UInt16: JSONWritable {}
extension UInt32: JSONWritable {}
extension UInt64: JSONWritable {}

/// A Swift source with comments and string literals blanked out, so that what is left can be counted.
struct SwiftText {
    /// A function, initialiser or deinitialiser with a body.
    struct Function: Equatable {
        var name: String
        /// Counted from 1.
        var line: Int
        /// From the declaration's keyword to the closing brace, both included.
        var lineCount: Int
    }

    /// As many bytes and lines as the source.
    private(set) var code: [UInt8]
    private var position = 0

    init(_ source: String) {
        code = Array(source.utf8)
        while position < code.count { skipToken() }
    }

    /// The functions in the order of their declarations, nested ones included.
    var functions: [Function] {
        var found: [Function] = []
        var line = 1
        var index = 0
        while index < code.count {
            if code[index] == UInt8(ascii: "\n") { line += 1 }
            if let keyword = keyword(at: index), let end = bodyEnd(from: index + keyword.utf8.count) {
                let text = code[index..<end].split(separator: UInt8(ascii: "("))[0]
                let lineCount = code[index..<end].count { $0 == UInt8(ascii: "\n") } + 1
                found.append(
                    Function(name: String(decoding: text, as: UTF8.self), line: line, lineCount: lineCount))
            }
            index += 1
        }
        return found
    }

    // MARK: - Blanking

    private mutating func skipToken() {
        switch code[position] {
        case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "/"):
            while position < code.count, code[position] != UInt8(ascii: "\n") { blank() }
        case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "*"): skipBlockComment()
        case UInt8(ascii: "\""): skipString(poundCount: 0)
        case UInt8(ascii: "#"):
            var count = 0
            while peek(count) == UInt8(ascii: "#") { count += 1 }
            if peek(count) == UInt8(ascii: "\"") { skipString(poundCount: count) } else { position += count }
        default: position += 1
        }
    }

    private mutating func skipBlockComment() {
        var depth = 0
        repeat {
            if matches("/*") {
                depth += 1
                blank(2)
            } else if matches("*/") {
                depth -= 1
                blank(2)
            } else {
                blank()
            }
        } while depth > 0 && position < code.count
    }

    private mutating func skipString(poundCount: Int) {
        let pounds = String(repeating: "#", count: poundCount)
        blank(poundCount)
        let quote = matches("\"\"\"") ? "\"\"\"" : "\""
        blank(quote.utf8.count)
        while position < code.count, !matches(quote + pounds) {
            if matches("\\" + pounds + "(") {
                blank(poundCount + 2)
                skipInterpolation()
            } else if poundCount == 0, matches("\\") {
                blank(2)
            } else {
                blank()
            }
        }
        blank(quote.utf8.count + poundCount)
    }

    private mutating func skipInterpolation() {
        var depth = 1
        while depth > 0, position < code.count {
            let byte = code[position]
            if byte == UInt8(ascii: "(") { depth += 1 }
            if byte == UInt8(ascii: ")") { depth -= 1 }
            let start = position
            skipToken()
            // What is inside belongs to the literal.
            for index in start..<min(position, code.count) where code[index] != UInt8(ascii: "\n") {
                code[index] = UInt8(ascii: " ")
            }
        }
    }

    private mutating func blank(_ count: Int = 1) {
        for _ in 0..<count where position < code.count {
            if code[position] != UInt8(ascii: "\n") { code[position] = UInt8(ascii: " ") }
            position += 1
        }
    }

    private func peek(_ distance: Int) -> UInt8? {
        position + distance < code.count ? code[position + distance] : nil
    }

    private func matches(_ text: String) -> Bool { code[position...].starts(with: text.utf8) }

    // MARK: - Functions

    private func keyword(at index: Int) -> String? {
        if index > 0, Self.isWord(code[index - 1]) || code[index - 1] == UInt8(ascii: ".") { return nil }
        return ["func", "init", "deinit"].first { keyword in
            let end = index + keyword.utf8.count
            return code[index...].starts(with: keyword.utf8) && end < code.count && !Self.isWord(code[end])
        }
    }

    /// The end of the body that follows a keyword; `nil` for a requirement of a protocol, which has none.
    private func bodyEnd(from start: Int) -> Int? {
        var parentheses = 0
        var index = start
        while index < code.count {
            switch code[index] {
            case UInt8(ascii: "("), UInt8(ascii: "["): parentheses += 1
            case UInt8(ascii: ")"), UInt8(ascii: "]"): parentheses -= 1
            case UInt8(ascii: "{") where parentheses == 0: return closingBrace(from: index)
            case UInt8(ascii: "}") where parentheses == 0: return nil
            default:
                if parentheses == 0, startsDeclaration(at: index) { return nil }
            }
            guard parentheses >= 0 else { return nil }
            index += 1
        }
        return nil
    }

    private func startsDeclaration(at index: Int) -> Bool {
        keyword(at: index) != nil || code[index...].starts(with: "static ".utf8)
            || code[index...].starts(with: "var ".utf8)
    }

    private func closingBrace(from start: Int) -> Int? {
        var depth = 0
        for index in start..<code.count {
            if code[index] == UInt8(ascii: "{") { depth += 1 }
            if code[index] == UInt8(ascii: "}") { depth -= 1 }
            if depth == 0 { return index + 1 }
        }
        return nil
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            || byte == 0x5F || byte >= 0x80
    }
}

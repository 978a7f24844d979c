import HTTPTypes
import Hummingbird
import HummingbirdCore
import Monitoring

/// One thing the server answers: how it is asked for, what it says, and what it is for.
struct Route: Sendable {
    /// What an answer holds.
    enum Answer: Sendable {
        /// One object of a schema.
        case document(String)
        /// Objects of a schema under `items`.
        case list(String)
        /// The same, with `next_cursor`.
        case pages(String)
        /// Something else, of a media type.
        case other(String)
    }

    /// A parameter of the query.
    struct Parameter: Sendable {
        var name: String
        var description: String
        var isRequired = false
        var words: [String]?
        var range: ClosedRange<Int>?
        /// What its text looks like.
        var pattern: String?
        var format: String?
        /// Whether it belongs to the path or the headers instead.
        var place = "query"
    }

    /// One request, taken apart.
    struct Call: Sendable {
        var request: Request
        var context: WebContext
        var site: Site
        /// What stands in the place of the `{...}` of the path.
        var argument: String
    }

    var method: HTTPRequest.Method
    /// Such as `/api/v1/strategies/{id}`; at most one part is variable.
    var path: String
    var summary: String
    var answer: Answer
    /// What else is said when it succeeds; 200 when left out.
    var status: HTTPResponse.Status = .ok
    var parameters: [Parameter] = []
    /// The schema of the body it takes.
    var body: String?
    /// Whether it is answered without the token.
    var isOpen = false
    var handle: @Sendable (Call) async throws -> Response

    /// What stands in the variable part of a path; `""` when the path has none; `nil` when it is another path.
    func argument(of path: String) -> String? {
        guard let opening = self.path.firstIndex(of: "{"), let closing = self.path.firstIndex(of: "}") else {
            return path == self.path ? "" : nil
        }
        let before = self.path[..<opening]
        let after = self.path[self.path.index(after: closing)...]
        guard path.hasPrefix(before), path.hasSuffix(after), path.count > before.count + after.count else {
            return nil
        }
        let middle = path.dropFirst(before.count).dropLast(after.count)
        guard !middle.contains("/") else { return nil }
        return middle.removingPercentEncoding.flatMap { $0.isEmpty ? nil : $0 }
    }
}

extension Substring {
    /// The text with its `%41` replaced; `nil` when that is no UTF-8.
    fileprivate var removingPercentEncoding: String? {
        var bytes: [UInt8] = []
        var rest = utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

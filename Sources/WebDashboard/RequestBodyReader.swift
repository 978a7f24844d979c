import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore

/// Reads the body of a request, within its bounds of size and time.
enum RequestBodyReader {
    /// The value that a JSON body stands for; a body that is too long, too slow or wrong is a problem.
    static func decode<Body: Decodable>(_ call: Route.Call) async throws -> Body {
        let bytes = try await bytes(call)
        do {
            return try JSONDecoder().decode(Body.self, from: Data(bytes))
        } catch let error as DecodingError {
            throw Problem(.badRequest, "bad_json", sentence(error))
        }
    }

    private static func bytes(_ call: Route.Call) async throws -> [UInt8] {
        let tooLong = Problem(
            .contentTooLarge, "body_too_large", "a body has at most \(Limits.bodyBytesMax) bytes",
            headers: [.connection: "close"])
        let announced = call.request.headers[.contentLength].flatMap { Int($0) } ?? 0
        guard announced <= Limits.bodyBytesMax else { throw tooLong }
        let deadline = Deadline(
            call.context.channel, seconds: call.site.settings.patienceSeconds ?? Limits.bodySeconds)
        defer { deadline.cancel() }
        var bytes: [UInt8] = []
        for try await part in call.request.body {
            guard bytes.count + part.readableBytes <= Limits.bodyBytesMax else { throw tooLong }
            bytes.append(contentsOf: part.readableBytesView)
        }
        return bytes
    }

    private static func sentence(_ error: DecodingError) -> String {
        func place(_ context: DecodingError.Context) -> String {
            context.codingPath.isEmpty
                ? "the body" : context.codingPath.map(\.stringValue).joined(separator: ".")
        }
        switch error {
        case .keyNotFound(let key, _): return "the body has no \(key.stringValue)"
        case .typeMismatch(_, let context): return "\(place(context)) is of another type than it has to be"
        case .valueNotFound(_, let context): return "\(place(context)) is null"
        case .dataCorrupted(let context):
            return context.codingPath.isEmpty
                ? "the body is no JSON" : "\(place(context)): \(context.debugDescription)"
        @unknown default: return "the body is not as it has to be"
        }
    }
}

/// Any JSON value, kept as it came but for the order of members.
enum JSONValue: Codable, Equatable, Sendable {
    case null
    case boolean(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .boolean(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .boolean(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }

    /// The text, members sorted by name, so that equal values have equal texts.
    var text: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "null"
    }
}

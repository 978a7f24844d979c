import ControlPlane
import Crypto
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Monitoring
import TradingModel

/// A command that somebody asks for over HTTP: checked here, inserted as a row, carried out by the manager.
struct CommandRequest: Decodable, Sendable {
    var command: String
    var strategy: String?
    var parameters: JSONValue?
    var expiresAt: String?

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case command, strategy, parameters
        case expiresAt = "expires_at"
    }

    private struct AnyKey: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        // A member that nobody knows is more likely a mistake than a wish to be ignored.
        try Self.refuseMembers(of: decoder, except: Set(CodingKeys.allCases.map(\.rawValue)))
        let container = try decoder.container(keyedBy: CodingKeys.self)
        command = try container.decode(String.self, forKey: .command)
        strategy = try container.decodeIfPresent(String.self, forKey: .strategy)
        parameters = try container.decodeIfPresent(JSONValue.self, forKey: .parameters)
        expiresAt = try container.decodeIfPresent(String.self, forKey: .expiresAt)
    }

    /// Throws when the object has members that are not among those that are known.
    static func refuseMembers(of decoder: any Decoder, except known: Set<String>) throws {
        for key in try decoder.container(keyedBy: AnyKey.self).allKeys where !known.contains(key.stringValue)
        {
            throw Problem(
                .badRequest, "unknown_member", "the body has an unknown member \(key.stringValue.prefix(80))")
        }
    }

    /// Inserts the command of a request, or finds the one that the same request made before.
    static func answer(_ call: Route.Call) async throws -> Response {
        guard !call.site.gate.isReadOnly else {
            throw Problem(.forbidden, "read_only", "this server was started with --read-only")
        }
        let key = try idempotencyKey(call.request)
        let body: CommandRequest = try await RequestBodyReader.decode(call)
        guard let kind = CommandKind(rawValue: body.command) else {
            throw Problem(
                .unprocessableContent, "unknown_command",
                "command must be one of \(CommandKind.words.joined(separator: ", "))")
        }
        let expiry = try body.expiresAt.map { text throws(Problem) in
            guard let time = Timestamp(rfc3339: text) else {
                throw Problem(
                    .unprocessableContent, "bad_time",
                    "expires_at must be a UTC time such as 2026-01-31T12:00:00Z")
            }
            return time
        }
        let parameters = try body.parametersText()
        let id = key.map(id(ofKey:)) ?? randomID()
        let (command, isNew, json) = try await call.site.writing { store in
            if let strategy = body.strategy { _ = try store.strategy(orProblem: strategy) }
            let result = try store.insertCommand(
                id: id, kind, strategy: body.strategy, parameters: parameters, issuer: "web",
                expiresAt: expiry)
            return (result.command, result.isNew, try document(id, store))
        }
        if !isNew {
            let strategy = try await call.site.reading { store in
                try body.strategy.map { try store.strategy(orProblem: $0).id }
            }
            guard command.kind == kind, command.strategyID == strategy, command.parameters == parameters
            else {
                throw Problem(
                    .conflict, "idempotency_key_reused",
                    "this Idempotency-Key was used for another command; use a new one for each")
            }
        }
        guard let json else { throw Problem(.notFound, "unknown_command", "the command is gone") }
        return Response(
            json: json, status: isNew ? .created : .ok,
            headers: [.location: "\(Routes.prefix)/commands/\(id)"])
    }

    /// A command as the API shows it.
    static func document(_ id: String, _ store: ControlStore) throws -> JSONWriter? {
        try Listings.commands.row(where: "k.id = ?", [.text(id)], store)
    }

    private func parametersText() throws(Problem) -> String {
        guard let parameters, parameters != .null else { return "{}" }
        guard case .object = parameters else {
            throw Problem(.unprocessableContent, "bad_parameters", "parameters must be an object")
        }
        return parameters.text
    }

    private static func idempotencyKey(_ request: Request) throws(Problem) -> String? {
        guard let key = request.headers[idempotencyKey] else { return nil }
        let isPrintable = key.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        guard !key.isEmpty, key.count <= Limits.idempotencyKeyCharactersMax, isPrintable else {
            throw Problem(
                .badRequest, "bad_idempotency_key",
                "an Idempotency-Key has 1 to \(Limits.idempotencyKeyCharactersMax) printable characters")
        }
        return key
    }

    /// The id that a key always gives: a UUID of version 8 made of its digest.
    private static func id(ofKey key: String) -> String {
        uuid(Array(SHA256.hash(data: Array(key.utf8))), version: 8)
    }

    private static func randomID() -> String {
        var generator = SystemRandomNumberGenerator()
        return uuid((0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) }, version: 4)
    }

    private static func uuid(_ random: [UInt8], version: UInt8) -> String {
        var bytes = Array(random.prefix(16))
        bytes[6] = bytes[6] & 0x0F | version << 4
        bytes[8] = bytes[8] & 0x3F | 0x80
        var text = ""
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { text += "-" }
            text += (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        return text
    }

    // A constant of letters and a hyphen is the name of a header, so this is not nil.
    private static let idempotencyKey = HTTPField.Name("Idempotency-Key")!
}

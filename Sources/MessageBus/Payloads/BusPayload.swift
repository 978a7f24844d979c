package import NIOCore

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// A JSON document on a control topic.
package protocol BusPayload: Codable, Sendable {}

extension BusPayload {
    /// The document as UTF-8, keys in alphabetical order.
    package func encoded() -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        do {
            return [UInt8](try encoder.encode(self))
        } catch {
            // Payloads consist of text, integers, finite or named floating-point numbers and containers of
            // them.
            preconditionFailure("\(Self.self) cannot be encoded: \(error)")
        }
    }

    /// Reads a document; unknown keys are ignored.
    package init(decoding bytes: some Sequence<UInt8>) throws(BusError) {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        do {
            self = try decoder.decode(Self.self, from: Data(bytes))
        } catch {
            throw BusError(.invalidPayload, "not a \(Self.self): \(describe(error))")
        }
    }

    /// Reads a document from a received message.
    package init(decoding buffer: ByteBuffer) throws(BusError) {
        try self.init(decoding: buffer.readableBytesView)
    }
}

private func describe(_ error: any Error) -> String {
    guard let error = error as? DecodingError else { return "\(error)" }
    switch error {
    case .keyNotFound(let key, _): return "the key \(key.stringValue) is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
        let path = context.codingPath.map(\.stringValue).joined(separator: ".")
        return path.isEmpty ? context.debugDescription : "\(path): \(context.debugDescription)"
    @unknown default: return "\(error)"
    }
}

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// The `type` field of a document on `strategy:health`.
package enum HealthKind: String, Codable, Sendable, CaseIterable {
    case heartbeat
    case processHealth = "process_health"
    case recordsDropped = "records_dropped"
    case feedHealth = "feed_health"

    /// What a received document is; `nil` when it is none of them, or no JSON object.
    package init?(of bytes: some Sequence<UInt8>) {
        guard let probe = try? JSONDecoder().decode(Probe.self, from: Data(bytes)) else { return nil }
        self = probe.type
    }

    private struct Probe: Decodable {
        var type: HealthKind
    }
}

package import TradingEngine

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What the process that follows a crashed one begins with: `after_crash` in config_json.
package enum AfterCrash: String, Sendable {
    /// Positions and orders of the journal and the strategy's last saved state.
    case saved
    /// All that the crashed process had, by running its session again; needs a recording and a simulated exchange.
    case replay
}

/// What `strategy_configs.config_json` says: `{"instruments": ["BTCUSDT"], "parameters": {"fast": 10},
/// "venue": {"taker_fee": "0.0004"}, "seed": 1, "warm_up": "today"}`. Every member may be left out.
package struct StrategyConfiguration: Sendable {
    /// Symbols, in the order the strategy sees them.
    package var instruments: [String] = []
    /// Parameters that differ from their defaults, by name.
    package var parameters: [(name: String, text: String)] = []
    /// Settings of the simulated exchange and the account, by name.
    package var venue: [(name: String, text: String)] = []
    /// The seed of the strategy's random numbers.
    package var seed: UInt64 = 0
    /// How far back it looks into recordings before it trades; `nil` for not at all.
    package var warmUp: WarmUpSpan?
    /// What the process after a crash begins with.
    package var afterCrash = AfterCrash.saved

    package init() {}

    /// Whether orders go to an order gateway.
    package var namesGateway: Bool { venue.contains { $0.name == "kind" && $0.text == "gateway" } }

    /// Parses the column; throws `configuration` naming the member that is wrong.
    package init(json: String) throws(ExecutionError) {
        let decoded: Wire
        do {
            decoded = try JSONDecoder().decode(Wire.self, from: Data(json.utf8))
        } catch let error as DecodingError {
            throw ExecutionError(.configuration, "config_json cannot be used: \(Self.explain(error))")
        } catch {
            throw ExecutionError(.configuration, "config_json cannot be used: \(error)")
        }
        instruments = decoded.instruments ?? []
        parameters = JSONScalar.sorted(decoded.parameters)
        venue = JSONScalar.sorted(decoded.venue)
        seed = decoded.seed ?? 0
        if let text = decoded.afterCrash {
            guard let word = AfterCrash(rawValue: text) else {
                throw ExecutionError(
                    .configuration,
                    "config_json cannot be used: after_crash: must be saved or replay, not '\(text)'")
            }
            afterCrash = word
        }
        guard let text = decoded.warmUp else { return }
        guard let warmUp = WarmUpSpan(text) else {
            throw ExecutionError(
                .configuration,
                "config_json cannot be used: warm_up: must be today, or a time such as 90s, 30m, 4h or 2d, not '\(text)'"
            )
        }
        self.warmUp = warmUp
    }

    /// Whether instruments, exchange, account and seed are the same.
    func isSameMarket(as other: StrategyConfiguration) -> Bool {
        instruments == other.instruments && seed == other.seed
            && venue.map { [$0.name, $0.text] } == other.venue.map { [$0.name, $0.text] }
    }

    /// Where orders go, and the account; reads the file of recorded latencies when one is named.
    package func venueSettings() throws(ParameterViolations) -> VenueSettings {
        try VenueSettings(inputs: venue, seed: seed) { path in
            FileManager.default.contents(atPath: path).map { Array($0) }
        }
    }

    /// The scalar members of a JSON object as (name, text), by name; for limits and command parameters.
    package static func scalars(json: String?, column: String) throws(ExecutionError) -> [(
        name: String, text: String
    )] {
        guard let json, !json.isEmpty else { return [] }
        do {
            return JSONScalar.sorted(
                try JSONDecoder().decode([String: JSONScalar].self, from: Data(json.utf8)))
        } catch {
            throw ExecutionError(
                .configuration, "\(column) must be a JSON object of texts, numbers and flags: \(json)")
        }
    }

    private struct Wire: Decodable {
        var instruments: [String]?
        var parameters: [String: JSONScalar]?
        var venue: [String: JSONScalar]?
        var seed: UInt64?
        var warmUp: String?
        var afterCrash: String?

        private enum CodingKeys: String, CodingKey {
            case instruments, parameters, venue, seed
            case warmUp = "warm_up"
            case afterCrash = "after_crash"
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            instruments = try container.decodeIfPresent([String].self, forKey: .instruments)
            parameters = try container.decodeIfPresent([String: JSONScalar].self, forKey: .parameters)
            venue = try container.decodeIfPresent([String: JSONScalar].self, forKey: .venue)
            warmUp = try container.decodeIfPresent(String.self, forKey: .warmUp)
            afterCrash = try container.decodeIfPresent(String.self, forKey: .afterCrash)
            do {
                seed = try container.decodeIfPresent(UInt64.self, forKey: .seed)
            } catch {
                // Foundation calls a number out of range invalid JSON and does not say where it stands.
                throw DecodingError.dataCorruptedError(
                    forKey: .seed, in: container,
                    debugDescription: "must be a whole number from 0 to \(UInt64.max)")
            }
        }
    }

    private static func explain(_ error: DecodingError) -> String {
        switch error {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
            .dataCorrupted(let context):
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            return path.isEmpty ? context.debugDescription : "\(path): \(context.debugDescription)"
        @unknown default: return "\(error)"
        }
    }
}

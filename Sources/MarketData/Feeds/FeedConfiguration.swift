public import TradingModel

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A feed's options: one JSON object of texts, numbers, flags and lists of those.
///
/// Accessors give `nil` for an option that is absent or null and throw `badOptions`, naming feed and option,
/// for one of another type. Where an option comes from a command line as text, `"20"` is taken as a number,
/// `"true"` as a flag and `"A,B"` as a list.
public struct FeedConfiguration: Sendable {
    /// The name of this feed in the home, unique; also the source of its records.
    public let feedName: String
    /// The name of the feed type, such as `file`.
    public let kind: String
    private let options: [String: Option]

    /// Parses the options; empty text means none.
    public init(feedName: String, kind: String, json: String) throws(MarketDataError) {
        self.feedName = feedName
        self.kind = kind
        guard !json.isEmpty else {
            options = [:]
            return
        }
        do {
            options = try JSONDecoder().decode([String: Option].self, from: Data(json.utf8))
        } catch {
            throw MarketDataError(
                .badOptions,
                "feed \(feedName): the options must be one JSON object of texts, numbers, flags and"
                    + " lists: \(json)"
            )
        }
    }

    /// The names of the options given, sorted.
    public var optionNames: [String] { options.keys.sorted() }

    /// Options that the host of every feed reads: see `FeedMonitor`, and `lossless` for feeds that can wait.
    public static let hostOptions = ["quiet_after", "stale_after"]

    /// Throws `badOptions` listing every option that is not among `names` or `hostOptions`.
    public func requireOnly(_ names: [String]) throws(MarketDataError) {
        let unknown = optionNames.filter { !names.contains($0) && !Self.hostOptions.contains($0) }
        guard !unknown.isEmpty else { return }
        throw MarketDataError(
            .badOptions,
            "feed \(feedName): unknown option \(unknown.joined(separator: ", ")); kind \(kind) takes"
                + " \((names + Self.hostOptions).sorted().joined(separator: ", "))")
    }

    /// An error about one option, for feeds' own checks.
    public func error(_ option: String, _ problem: String) -> MarketDataError {
        MarketDataError(.badOptions, "feed \(feedName): option \(option) \(problem)")
    }

    /// A text.
    public func text(_ name: String) throws(MarketDataError) -> String? {
        switch options[name] {
        case nil, .null: return nil
        case .text(let text): return text
        default: throw error(name, "must be a text")
        }
    }

    /// A number; not a NaN and not infinite.
    public func number(_ name: String) throws(MarketDataError) -> Double? {
        switch options[name] {
        case nil, .null: return nil
        case .integer(let value): return Double(value)
        case .number(let value): return value
        case .text(let text):
            if let value = Double(text), value.isFinite { return value }
            throw error(name, "must be a number, not '\(text)'")
        default: throw error(name, "must be a number")
        }
    }

    /// A number within a range, or the default when absent.
    public func number(
        _ name: String, in range: ClosedRange<Double>, default value: Double
    ) throws(MarketDataError) -> Double {
        let number = try number(name) ?? value
        guard range.contains(number) else {
            throw error(name, "must be from \(range.lowerBound) to \(range.upperBound), not \(number)")
        }
        return number
    }

    /// A whole number within a range.
    public func integer(_ name: String, in range: ClosedRange<Int64>) throws(MarketDataError) -> Int64? {
        let value: Int64
        switch options[name] {
        case nil, .null: return nil
        case .integer(let integer): value = integer
        case .text(let text):
            guard let integer = Int64(text) else {
                throw error(name, "must be a whole number, not '\(text)'")
            }
            value = integer
        default: throw error(name, "must be a whole number")
        }
        guard range.contains(value) else {
            throw error(name, "must be from \(range.lowerBound) to \(range.upperBound), not \(value)")
        }
        return value
    }

    /// A flag; `false` when absent.
    public func flag(_ name: String) throws(MarketDataError) -> Bool {
        switch options[name] {
        case nil, .null, .text("false"): return false
        case .text("true"): return true
        case .flag(let flag): return flag
        default: throw error(name, "must be true or false")
        }
    }

    /// A list of texts; one text is split at its commas, numbers become texts.
    public func list(_ name: String) throws(MarketDataError) -> [String]? {
        switch options[name] {
        case nil, .null: return nil
        case .text(let text): return text.split(separator: ",").map { String($0) }
        case .list(let items):
            var texts: [String] = []
            for item in items {
                switch item {
                case .text(let text): texts.append(text)
                case .integer(let value): texts.append(String(value))
                case .number(let value): texts.append("\(value)")
                default: throw error(name, "must be a list of texts")
                }
            }
            return texts
        case .integer(let value): return [String(value)]
        case .number(let value): return ["\(value)"]
        default: throw error(name, "must be a list of texts")
        }
    }

    /// An ISO-8601 time; no zone means UTC.
    public func time(_ name: String) throws(MarketDataError) -> Timestamp? {
        guard let text = try text(name) else { return nil }
        guard let time = Timestamp(iso8601: text) else {
            throw error(name, "must be a time such as 2024-01-31T09:30:00Z, not '\(text)'")
        }
        return time
    }

    /// How fast recorded time passes: `"max"`, or a number of which 1 is real time.
    public func speed(_ name: String) throws(MarketDataError) -> FeedSpeed? {
        switch options[name] {
        case nil, .null: return nil
        case .text("max"): return .unlimited
        default:
            guard let factor = try? number(name), factor >= 0.001, factor <= 1_000_000 else {
                throw error(
                    name, "must be \"max\" or a number from 0.001 to 1000000, of which 1 is real time")
            }
            return .factor(factor)
        }
    }
}

/// One JSON value of a feed's options.
private enum Option: Decodable, Sendable, Equatable {
    case null
    case flag(Bool)
    case integer(Int64)
    case number(Double)
    case text(String)
    case list([Option])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let flag = try? container.decode(Bool.self) {
            self = .flag(flag)
        } else if let integer = try? container.decode(Int64.self) {
            self = .integer(integer)
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else if let text = try? container.decode(String.self) {
            self = .text(text)
        } else {
            self = .list(try container.decode([Option].self))
        }
    }
}

import MarketData
import TradingModel

/// How far back a strategy looks before it trades: `warm_up` in config_json.
package enum WarmUpSpan: Equatable, Sendable {
    /// From the UTC day's beginning.
    case today
    case last(Duration)

    /// Understands `today`, or a number with s, m, h or d; `nil` for anything else.
    package init?(_ text: String) {
        if text == "today" {
            self = .today
            return
        }
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        guard let unit = text.last.flatMap({ units[$0] }), let number = Int64(text.dropLast()), number > 0,
            number <= 31_622_400 / unit
        else { return nil }
        self = .last(.seconds(number * unit))
    }

    /// The moment from which on records are replayed.
    func beginning(at now: Timestamp) -> Timestamp {
        switch self {
        case .today: RecordingPath.start(of: RecordingPath.day(of: now))
        case .last(let duration): now - duration
        }
    }
}

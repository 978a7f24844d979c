package import TradingModel

/// What state a feed is in (`feed:status:{name}`, retained).
package struct FeedStatusPayload: BusPayload, Equatable {
    /// A feed's own view of its state.
    package enum Status: String, Codable, Sendable, CaseIterable {
        case starting
        case running
        case ended
        case error
    }

    package var feed: String
    package var status: Status
    /// Records sent so far.
    package var records: UInt64
    package var time: Timestamp
    /// What went wrong, when the status is `error`.
    package var error: String?
    /// How source and data are: ok, quiet, stale or disconnected; `nil` for a replay.
    package var health: String?
    /// What the source says of itself.
    package var detail: String?
    /// Instruments that had no data for longer than their limits, the first of them.
    package var stale: [String]?
    /// Instruments that came up and that are not announced by the manager yet, the first of them.
    package var instruments: [Instrument]?

    package init(
        feed: String, status: Status, records: UInt64, time: Timestamp, error: String? = nil,
        health: String? = nil, detail: String? = nil, stale: [String]? = nil, instruments: [Instrument]? = nil
    ) {
        self.feed = feed
        self.status = status
        self.records = records
        self.time = time
        self.error = error
        self.health = health
        self.detail = detail
        self.stale = stale
        self.instruments = instruments
    }
}

/// A change of how a feed's source and data are (`strategy:health`, type `feed_health`).
package struct FeedHealthPayload: BusPayload, Equatable {
    /// The health of a feed whose source is gone.
    package static let disconnected = "disconnected"

    /// Always `.feedHealth`.
    package private(set) var type = HealthKind.feedHealth
    package var feed: String
    /// ok, quiet, stale or disconnected; late or stalled when the feed's process gives no sign of life; dead when there is
    /// none.
    package var health: String
    package var time: Timestamp
    package var detail: String?
    /// Instruments that had no data for longer than their limits, the first of them.
    package var stale: [String]?

    package init(feed: String, health: String, time: Timestamp, detail: String? = nil, stale: [String]? = nil)
    {
        self.feed = feed
        self.health = health
        self.time = time
        self.detail = detail
        self.stale = stale
    }
}

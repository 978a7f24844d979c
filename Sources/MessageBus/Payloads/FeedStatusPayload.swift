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

    package init(feed: String, status: Status, records: UInt64, time: Timestamp, error: String? = nil) {
        self.feed = feed
        self.status = status
        self.records = records
        self.time = time
        self.error = error
    }
}

internal import TradingModel

/// What a subscriber asks for: one topic, or every topic that begins with a text (`*` at the end).
package struct TopicPattern: Hashable, Sendable, CustomStringConvertible {
    /// The pattern on the wire.
    package let text: String

    /// Exactly one topic.
    ///
    /// Traps when the topic's name is empty, ends in `*` or makes the text longer than
    /// `Limits.topicBytesMax`.
    package init(_ topic: Topic) {
        precondition(Topic(topic.text) == topic, "a topic's name must not be empty, end in * or be too long")
        text = topic.text
    }

    /// A pattern from text; `nil` when it is neither a topic nor a prefix with `*` at the end and nowhere
    /// else.
    package init?(_ text: String) {
        guard text.utf8.count <= Limits.topicBytesMax else { return nil }
        if text.utf8.last == UInt8(ascii: "*") {
            guard !text.dropLast().utf8.contains(UInt8(ascii: "*")) else { return nil }
        } else if Topic(text) == nil {
            return nil
        }
        self.text = text
    }

    private init(unchecked text: String) { self.text = text }

    /// Every topic.
    package static let everything = TopicPattern(unchecked: "*")
    /// Market data of every token, token 0 included.
    package static let allLiveData = TopicPattern(unchecked: "live_data:*")
    /// The status of every strategy.
    package static let allStrategyStatus = TopicPattern(unchecked: "strategy:status:*")
    /// The metrics of every strategy.
    package static let allStrategyMetrics = TopicPattern(unchecked: "strategy:metrics:*")
    /// The instruments of every category.
    package static let allInstruments = TopicPattern(unchecked: "instruments:category:*")
    /// The status of every feed.
    package static let allFeedStatus = TopicPattern(unchecked: "feed:status:*")

    package var description: String { text }

    /// Whether it ends in `*`.
    package var isWildcard: Bool { text.utf8.last == UInt8(ascii: "*") }

    /// Whether a topic's text matches.
    package func matches(_ topic: String) -> Bool {
        isWildcard ? topic.utf8.starts(with: text.utf8.dropLast()) : topic == text
    }

    /// Whether any `live_data` topic can match.
    package var mayMatchLiveData: Bool {
        let prefix = isWildcard ? text.utf8.dropLast() : text.utf8[...]
        let liveData = Topic.liveDataPrefix.utf8
        return prefix.starts(with: liveData) || (isWildcard && liveData.starts(with: prefix))
    }
}

internal import NIOCore

/// The last message of every retained topic, as the frame that late subscribers get.
struct RetainedMessages {
    /// Bytes of all frames kept.
    private(set) var byteCount = 0
    /// Values that were not kept because a bound was reached.
    private(set) var refusedCount: UInt64 = 0
    private var frames: [String: ByteBuffer] = [:]

    /// Topics with a value.
    var count: Int { frames.count }

    /// Keeps a message frame as the last value of its topic, unless a bound is reached.
    mutating func keep(_ frame: ByteBuffer, topic: String) {
        let previous = frames[topic]?.readableBytes ?? 0
        let isNew = frames[topic] == nil
        guard byteCount - previous + frame.readableBytes <= Limits.retainedBytesMax,
            !isNew || frames.count < Limits.retainedTopicsMax
        else {
            refusedCount += 1
            // An outdated value would be a lie; better none.
            if frames.removeValue(forKey: topic) != nil { byteCount -= previous }
            return
        }
        byteCount += frame.readableBytes - previous
        frames[topic] = frame
    }

    /// The frames that match a pattern, in the order of their topics.
    func matching(_ pattern: TopicPattern) -> [ByteBuffer] {
        if !pattern.isWildcard { return frames[pattern.text].map { [$0] } ?? [] }
        return frames.filter { pattern.matches($0.key) }.sorted { $0.key < $1.key }.map(\.value)
    }
}

internal import NIOCore

/// The last message of every retained topic, as the frame that late subscribers get.
struct RetainedMessages {
    /// Bytes of all frames kept.
    private(set) var byteCount = 0
    /// Values that were not kept because a bound was reached.
    private(set) var refusedCount: UInt64 = 0
    /// In the order of the topics' UTF-8 bytes, so that those that a pattern matches are neighbours: a subscriber
    /// that asks for thousands of patterns costs a search for each, not a look at every topic.
    private var entries: [(topic: String, frame: ByteBuffer)] = []

    /// Topics with a value.
    var count: Int { entries.count }

    /// Keeps a message frame as the last value of its topic, unless a bound is reached.
    mutating func keep(_ frame: ByteBuffer, topic: String) {
        let index = lowerBound(of: topic.utf8)
        let isNew = index == entries.count || !entries[index].topic.utf8.elementsEqual(topic.utf8)
        let previous = isNew ? 0 : entries[index].frame.readableBytes
        guard byteCount - previous + frame.readableBytes <= Limits.retainedBytesMax,
            !isNew || entries.count < Limits.retainedTopicsMax
        else {
            refusedCount += 1
            // An outdated value would be a lie; better none.
            if !isNew { entries.remove(at: index) }
            byteCount -= previous
            return
        }
        byteCount += frame.readableBytes - previous
        if isNew { entries.insert((topic, frame), at: index) } else { entries[index].frame = frame }
    }

    /// The frames that match a pattern, in the order of their topics. O(log n) and what it finds.
    func matching(_ pattern: TopicPattern) -> [ByteBuffer] {
        let prefix = pattern.isWildcard ? pattern.text.utf8.dropLast() : pattern.text.utf8[...]
        var frames: [ByteBuffer] = []
        for entry in entries[lowerBound(of: prefix)...] {
            guard entry.topic.utf8.starts(with: prefix) else { break }
            if pattern.matches(entry.topic) { frames.append(entry.frame) } else { break }
        }
        return frames
    }

    private func lowerBound(of bytes: some Collection<UInt8>) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].topic.utf8.lexicographicallyPrecedes(bytes) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }
}

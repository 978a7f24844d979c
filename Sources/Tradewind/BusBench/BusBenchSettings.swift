/// What one process of a bus measurement is told, as JSON in its only argument; nothing in it is secret.
struct BusBenchSettings: Codable {
    enum Part: String, Codable { case publisher, subscriber }

    var part: Part
    var socket: String
    /// Records are published on the tokens 1 to `topics` in turn.
    var topics: Int
    /// Records in all.
    var records: Int
    /// Records handed over at once.
    var batch: Int
    /// Records a second; 0 is as fast as they are taken.
    var rate: Int
    /// Whether the broker waits for slow subscribers instead of dropping.
    var lossless: Bool
}

/// What a publisher saw.
struct BusBenchSent: Codable {
    var sent: Int
    /// Processor time of the process, ns.
    var cpuNanoseconds: Int64
    /// 99 % of the records were handed over no later after their due time, ns.
    var lateNanosecondsP99: Int64
}

/// What a subscriber saw.
struct BusBenchReceived: Codable {
    var received = 0
    /// Announced by gap frames.
    var dropped: UInt64 = 0
    /// Found missing without an announcement.
    var lost: UInt64 = 0
    /// Monotonic clock, ns: when the first record was sent, and when the last one was received.
    var firstSent: Int64 = 0
    var lastReceived: Int64 = 0
    var cpuNanoseconds: Int64 = 0
    /// From just before the send to the receiver: pairs of a latency in ns and how often it was seen.
    var latencies: [[UInt64]] = []
}

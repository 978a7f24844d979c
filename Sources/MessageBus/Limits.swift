/// The bounds of the message bus, each with what happens at it.
package enum Limits {
    /// Payload bytes of one frame; a longer one closes the connection before anything is allocated.
    package static let framePayloadBytesMax = 1 << 20
    /// Memory that a decoder keeps between frames; what a longer frame in pieces needed is let go. The frames of
    /// `BusClient` stay below it.
    package static let decoderBytesKept = 64 << 10
    /// Records that fit one frame; senders split before it.
    package static let recordsPerFrameMax = (framePayloadBytesMax - RecordsPrefix.byteCount) / 64
    /// Records a client puts into one frame, so that a frame stays a small part of a queue.
    package static let recordsPerFrameSent = 1_000
    /// UTF-8 bytes of a topic or pattern; a longer one is refused.
    package static let topicBytesMax = 255
    /// UTF-8 bytes of an identity; a longer one is refused.
    package static let identityBytesMax = 255
    /// Bytes of a bus token; a longer one is refused.
    package static let tokenBytesMax = 256
    /// Bytes a ping may ask to have echoed; a longer one is malformed.
    package static let pingBytesMax = 64
    /// UTF-8 bytes of the text of an error or goodbye; longer texts are cut.
    package static let reasonBytesMax = 1_024
    /// Connections of one broker; a further one is told so and closed.
    package static let connectionsMax = 4_096
    /// Patterns of one connection; a further one is refused with an error frame.
    package static let patternsPerConnectionMax = 65_536
    /// Those of them that end in `*`, each of which is looked at for every message; a further one is refused with an
    /// error frame.
    package static let wildcardsPerConnectionMax = 256
    /// How old the retained broker status may be for a new subscriber, milliseconds: making it costs something.
    package static let statusMillisecondsMin: Int64 = 100
    /// Tokens whose route is kept; the table is rebuilt from empty at the bound.
    package static let cachedRoutesMax = 65_536
    /// Topics whose last value is kept; further ones are delivered but not kept.
    package static let retainedTopicsMax = 16_384
    /// Bytes of retained messages; at the bound new values of new topics are delivered but not kept.
    package static let retainedBytesMax = 64 << 20
    /// Records that one gap frame may say were lost; a higher number is malformed.
    package static let gapRecordsMax: UInt64 = 1 << 40
    /// Gap frames that one drop may announce; the sources beyond are merged into `BusGap.severalSources`.
    package static let gapSourcesMax = 64
    /// Publishes refused in one second before the connection is closed as flooding.
    package static let refusalsPerSecondMax = 100
    /// Bytes that broker and client read at once. Small enough that what is copied to many subscribers stays
    /// in the processor's cache: 64 KiB gave 64 subscribers twice the deliveries of 256 KiB.
    package static let readBytes = 64 << 10
    /// Bytes of a chunk of an outbound queue; a single frame may be larger.
    package static let chunkBytes = 64 << 10
    /// Bytes of a piece of a read from which on it is handed to the socket of a subscriber without a copy.
    package static let sharedPieceBytesMin = 8 << 10
    /// Chunks kept for reuse by one broker or client.
    package static let pooledChunksMax = 256
    /// Bytes that a client hands to its socket at once; while more are unsent, the rest stays with the client.
    package static let socketBacklogBytesHigh = 256 << 10
    /// Unsent bytes at which a socket is given more.
    package static let socketBacklogBytesLow = 64 << 10
    /// Send buffer asked of the system for every socket.
    package static let socketSendBufferBytes = 1 << 20
    /// Unflushed bytes at which `BusClient` answers `.full`.
    package static let clientQueueBytesMax = 4 << 20
    /// Unflushed bytes at which `BusClient` writes without waiting for `flush()`.
    package static let clientFlushBytes = 128 << 10
    /// Seconds for which a broker accepts nobody after the system gave it no socket.
    package static let acceptPauseSeconds: Int64 = 1
    /// Seconds between two lines that say that no connection can be accepted.
    package static let acceptReportSeconds: Int64 = 60
    /// Lines a broker reports in a second; further ones are counted, and their number is reported.
    package static let reportsPerSecondMax = 20
    /// Seconds a new connection has to say hello.
    package static let handshakeSeconds: Int64 = 5
    /// Seconds a client waits for the confirmation of its subscriptions before it connects again; tens of thousands of
    /// patterns take a while.
    package static let confirmationSeconds: Int64 = 30
    /// Seconds a peer has from the beginning of a frame to its end; then it is told so and disconnected. Time in
    /// which the broker does not read from it does not count.
    package static let frameSeconds: Int64 = 30
    /// Seconds a connection that was told goodbye has to read it.
    package static let lingerSeconds: Int64 = 2
    /// The first wait before a client connects again, milliseconds; doubles up to the maximum.
    package static let reconnectMillisecondsMin: Int64 = 10
    /// The longest wait before a client connects again, milliseconds.
    package static let reconnectMillisecondsMax: Int64 = 1_000
    /// Bytes of one JSON document over a bootstrap channel.
    package static let bootstrapBytesMax = 4 << 20
}

/// The bounds of one broker that its starter may choose.
package struct BrokerLimits: Sendable {
    /// Market-data bytes queued for one subscriber; at the bound the oldest records are dropped and
    /// announced.
    package var marketDataQueueBytesMax: Int
    /// The same for a subscriber that asked for conflation.
    package var conflatedQueueBytesMax: Int
    /// Control bytes queued for one subscriber; at the bound it is told why and disconnected.
    package var controlQueueBytesMax: Int
    /// Lossless bytes queued for one subscriber at which the broker stops reading from their feed.
    package var losslessQueueBytesHigh: Int
    /// Lossless bytes at which it reads on.
    package var losslessQueueBytesLow: Int
    /// Seconds a new connection has to say hello.
    package var handshakeSeconds: Int64
    /// Seconds a peer has to finish a frame that it began.
    package var frameSeconds: Int64

    /// Makes limits; traps when a market-data bound is under 2 MiB (conflated: 64 KiB) or low exceeds high.
    package init(
        marketDataQueueBytesMax: Int = 8 << 20, conflatedQueueBytesMax: Int = 256 << 10,
        controlQueueBytesMax: Int = 4 << 20, losslessQueueBytesHigh: Int = 1 << 20,
        losslessQueueBytesLow: Int = 256 << 10, handshakeSeconds: Int64 = Limits.handshakeSeconds,
        frameSeconds: Int64 = Limits.frameSeconds
    ) {
        precondition(marketDataQueueBytesMax >= 2 << 20, "the market-data bound must hold the largest read")
        precondition(conflatedQueueBytesMax >= 64 << 10, "the conflated bound is at least 64 KiB")
        precondition(
            losslessQueueBytesLow <= losslessQueueBytesHigh, "the low-water mark exceeds the high one")
        self.marketDataQueueBytesMax = marketDataQueueBytesMax
        self.conflatedQueueBytesMax = conflatedQueueBytesMax
        self.controlQueueBytesMax = controlQueueBytesMax
        self.losslessQueueBytesHigh = losslessQueueBytesHigh
        self.losslessQueueBytesLow = losslessQueueBytesLow
        self.handshakeSeconds = handshakeSeconds
        self.frameSeconds = frameSeconds
    }
}

internal import Hummingbird

/// The bounds of the web server, each with what happens at it.
package enum Limits {
    /// Bytes of a request's body; a longer one is answered with 413.
    package static let bodyBytesMax = 64 << 10
    /// Bytes of a request's headers together; longer ones are answered with 400 and the connection is closed.
    package static let headerBytesMax = 16 << 10
    /// Headers of a request; more are answered with 400 and the connection is closed.
    package static let headersMax = 64
    /// Connections; further ones wait in the system's queue until one is closed.
    package static let connectionsMax = 128
    /// Streams of events; a further one is answered with 503.
    package static let streamsMax = 32
    /// Seconds after which a connection without a whole request is closed.
    package static let idleSeconds: Int64 = 30
    /// Seconds a client has to send the body of its request; then the connection is closed.
    package static let bodySeconds: Int64 = 10
    /// Seconds a client has to read a piece of a stream of events; then the connection is closed.
    package static let writeSeconds: Int64 = 20
    /// Seconds between two signs of life on a stream that has nothing to say.
    package static let keepAliveSeconds: Int64 = 15
    /// Rows of one page of a list.
    package static let pageRowsMax = 1_000
    /// Rows of a page when the caller names no number.
    package static let pageRowsDefault = 100
    /// Points of a curve; longer ones are thinned by whole buckets.
    package static let curvePointsMax = 2_000
    /// Recordings of the last day in which prices are looked for, the newest.
    package static let recordingsSampledMax = 8
    /// Places of recordings that are looked at for one instrument's prices.
    package static let pricePointsMax = 400
    /// Lines of a log in one answer.
    package static let logLinesMax = 1_000
    /// Characters of an idempotency key.
    package static let idempotencyKeyCharactersMax = 128
    /// Seconds a strategy's executable has to name its classes.
    package static let classesSeconds: Int64 = 10
}

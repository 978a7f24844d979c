/// What became of something handed to `BusClient` for sending.
package enum SendResult: Equatable, Sendable {
    /// Taken; it is written at the next flush.
    case sent
    /// Not taken: too many bytes are unwritten. Try again after `onWritable`.
    case full
    /// Not taken: there is no connection.
    case closed
}

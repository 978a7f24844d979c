/// What the process that runs a feed offers it: a way to be called when something has come, and a log.
///
/// Both may be used on any thread and never wait.
public struct FeedHost: Sendable {
    /// Asks for a call of `next` although it is not due, because there is something to take.
    public let wake: @Sendable () -> Void
    /// Writes a line to the feed's log.
    public let log: @Sendable (String) -> Void

    public init(wake: @escaping @Sendable () -> Void, log: @escaping @Sendable (String) -> Void) {
        self.wake = wake
        self.log = log
    }
}

/// How a feed's source is, in a few numbers and words, for `feeds list`.
public struct FeedSourceState: Equatable, Sendable {
    /// Whether data could come now: somebody is connected. Whether any does come is another question.
    public var isConnected = true
    /// What an operator would want to know, such as "listens on 127.0.0.1:9000, 1 connection".
    public var detail = ""
    /// Pieces of data that were not understood.
    public var malformedCount: UInt64 = 0

    public init(isConnected: Bool = true, detail: String = "", malformedCount: UInt64 = 0) {
        self.isConnected = isConnected
        self.detail = detail
        self.malformedCount = malformedCount
    }
}

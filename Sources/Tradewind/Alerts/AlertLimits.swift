/// The bounds of what alerts are told with.
enum AlertLimits {
    /// The time between two looks at the engine.
    static let interval: Duration = .seconds(1)
    /// Deliveries under way at once; further ones wait.
    static let deliveriesAtOnceMax = 4
    /// Attempts of one delivery; then it has failed. With the pauses between them that is about an hour.
    static let attemptsMax = 20
    /// The pause after the first failed attempt; it doubles with every further one.
    static let backoffInitialSeconds = 1
    /// The longest pause between two attempts.
    static let backoffMaxSeconds = 300
    /// The time a command, or the server of a webhook, has; then the command's group is killed, the connection closed.
    static let attempt: Duration = .seconds(10)
    /// Characters of a command's output, or of a server's answer, that are kept for the log; the rest is read and dropped.
    static let outputBytesMax = 4_096
    /// The time that what is under way has when the alerter is to end.
    static let ending: Duration = .seconds(1)

    /// The pause after so many failed attempts, in seconds.
    static func backoffSeconds(attempts: Int) -> Int {
        attempts > 10
            ? backoffMaxSeconds : min(backoffMaxSeconds, backoffInitialSeconds << max(0, attempts - 1))
    }
}

/// What an attempt to tell somebody came to.
enum AlertOutcome: Equatable, Sendable {
    /// What was answered, for the log.
    case delivered(String)
    case failed(String)
}

/// The bounds of an executor.
enum Limits {
    /// Journal bytes held before they are written even within a batch.
    static let journalBufferBytesMax = 1 << 20
    /// Journal bytes held while the disk is full; beyond it the strategy ends, since what it did cannot be kept.
    static let journalBlockedBytesMax = 16 << 20
    /// Journal files of one strategy looked at when its state is rebuilt; the newest one with a checkpoint ends it.
    static let journalFilesReadMax = 64
    /// Seconds between two metrics messages while records arrive.
    static let metricsIntervalSeconds: Int64 = 1
    /// Seconds between two metrics messages while none do.
    static let idleMetricsIntervalSeconds: Int64 = 5
    /// Seconds between two pings to an order gateway.
    static let gatewayPulseSeconds: Int64 = 1
    /// Seconds without a word after which an order gateway counts as gone, and that connecting and reconciling may take.
    static let gatewayAnswerSeconds: Int64 = 3
    /// Seconds a stop waits for an order gateway to confirm the cancels; what is open then stays open there.
    static let gatewayCancelSeconds: Int64 = 3
    /// Seconds a stop may take to hand its last messages to the bus before the process ends anyway.
    static let closeSeconds: Int64 = 2
    /// Seconds after which a flatten that is not flat has failed, unless the command says otherwise; its orders stay at the
    /// venue.
    static let flattenSeconds = 30
    /// The most that a command may say.
    static let flattenSecondsMax = 86_400
    /// Rounds of a flatten after a breach, one a second; further ones are an operator's.
    static let breachFlattenRoundsMax = 60
    /// The shortest time between two saves of a strategy's state into its journal, and the bytes a second that they
    /// may take on average: larger states are saved less often.
    static let stateSaveSecondsMin = 5
    static let stateBytesPerSecondMax = 100
    /// Seconds that the process after a crash waits for a recording that has not reached the crash yet.
    static let recordingBehindSeconds: Int64 = 3
    /// Seconds that it may take to run the session again, below the 10 s in which a process has to be ready.
    static let crashReplaySeconds: Int64 = 7
}

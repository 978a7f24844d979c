/// The bounds of this module; what happens at a bound stands beside it.
package enum Limits {
    /// Unfinished commands remembered per process; at the bound the oldest is reported as superseded.
    package static let pendingCommandsMax = 64

    /// Unstable exits remembered per process; a policy cannot ask for more.
    package static let unstableExitsMax = 100

    /// The longest time that a restart policy may name: one day.
    package static let policyDurationMax: Duration = .seconds(86_400)

    /// The text of an instance lock in bytes; a longer one counts as unreadable.
    package static let lockTextBytesMax = 512

    /// Attempts to lock a file that somebody else keeps replacing; then an error.
    package static let lockAttemptsMax = 8

    /// Bytes read of one file below /proc; the rest is ignored.
    package static let processFileBytesMax = 2048

    /// A log file of this size is rotated when it is opened.
    package static let logFileBytesMax = 10 * 1024 * 1024

    /// How long the manager listens to what a helper says about its start.
    static let helperReplySeconds: Int64 = 1

    /// Log files kept per name, the current one included; the oldest is deleted.
    package static let logFileCountMax = 10

    /// Bytes looked at from the end of a log; earlier lines are not shown.
    package static let logTailBytesMax = 4 * 1024 * 1024

    /// The lowest number that a descriptor gets while it waits to be placed in a child.
    static let stagedDescriptorMin: Int32 = 16

    /// Ends of processes handled per wake-up of the watcher; the others wait for the next one.
    static let exitsPerWakeMax = 64
}

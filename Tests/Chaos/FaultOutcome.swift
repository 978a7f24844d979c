/// What a fault may and must have changed, and since when it is over.
struct FaultOutcome {
    /// How many new processes each strategy that was hit must have got; nobody else may have got one.
    var epochs: [String: ClosedRange<Int>] = [:]
    /// Processes that must have been replaced, by the owner of their lock.
    var replaced: [String: Int32] = [:]
    /// From here on the time of healing counts.
    var end = ContinuousClock.now
    /// What else is worth saying.
    var note = ""
    /// What went wrong already.
    var complaints: [String] = []
}

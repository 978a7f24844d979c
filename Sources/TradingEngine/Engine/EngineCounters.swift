/// The counts that records change; see `EngineStatus`.
struct EngineCounters {
    var events: UInt64 = 0
    var invalid: UInt64 = 0
    var foreign: UInt64 = 0
    var outOfOrder: UInt64 = 0
    var withheld: UInt64 = 0
    /// Records withheld since the last pause.
    var missedWhilePaused: UInt64 = 0
    var missing: UInt64 = 0
    var skippedTimers: UInt64 = 0
    var denied: UInt64 = 0
    var fills: UInt32 = 0
    /// Commands about orders that have ended or never were.
    var idleCommands: UInt64 = 0
    /// Reports about orders that have ended or never were, fills of ended ones left out.
    var idleReports: UInt64 = 0
}

/// Where an engine is in its life.
enum EnginePhase {
    case made
    /// Started without knowing the time.
    case waitingForTime
    case running
    case ended
}

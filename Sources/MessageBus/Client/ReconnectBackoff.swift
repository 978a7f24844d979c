internal import TradingModel

/// How long to wait before the next attempt: doubling between two bounds, with 50 % seeded jitter. Pure.
package struct ReconnectBackoff {
    private var generator: SeededGenerator
    private var failureCount = 0

    package init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    /// Milliseconds until the next attempt, from half the current step to all of it.
    package mutating func nextMilliseconds() -> Int64 {
        let step = min(
            Limits.reconnectMillisecondsMin << Int64(failureCount), Limits.reconnectMillisecondsMax)
        failureCount = min(failureCount + 1, 16)
        let jitter = Double(step) * 0.5 * generator.nextUnit()
        return max(1, step - Int64(jitter))
    }

    /// The next failure starts from the shortest wait.
    package mutating func reset() { failureCount = 0 }
}

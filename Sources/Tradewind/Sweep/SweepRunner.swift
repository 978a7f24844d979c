import Backtesting
import ControlPlane
import Foundation
import Synchronization
import TradingModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Runs what is left of a sweep on workers and keeps each point as it is done.
struct SweepRunner {
    let store: SweepStore
    let job: SweepJob
    let metric: StatisticsMetric
    /// Failed points are tried again.
    let retriesFailed: Bool
    /// How long a point may take.
    let timeout: Duration?

    /// What came of it.
    struct Summary {
        var doneBefore: Int
        var done: Int
        var failed: Int
    }

    private struct State {
        var progress: ProgressLine
        var failed = 0
        var done = 0
        /// Whether all points are done: a signal then ends the program, as it would have without a sweep.
        var isOver = false
    }

    /// Runs the requests that are not in the database yet.
    ///
    /// Throws a `CommandLineError` when SIGINT or SIGTERM ended it, with how to go on.
    func run(_ requests: [SweepRequest], processCount: Int) throws -> Summary {
        let finished = try store.finished(includingFailed: !retriesFailed)
        let left = requests.filter { !finished.contains([$0.window, $0.number]) }
        let (doneBefore, total) = (requests.count - left.count, requests.count)
        guard !left.isEmpty else { return Summary(doneBefore: doneBefore, done: 0, failed: 0) }
        // Blocked before there are other threads, which inherit it.
        let signals = SignalThread(signals: [SIGINT, SIGTERM])
        signal(SIGPIPE, SIG_IGN)
        let state = Mutex(State(progress: ProgressLine(unit: "points")))
        let (store, metric) = (store, metric)
        let pool = SweepPool(job: job, requests: left, timeout: timeout) { outcome in
            let row = try Self.row(outcome, metric)
            try store.record([row])
            state.withLock { state in
                state.done += 1
                if row.status == .failed {
                    state.failed += 1
                    state.progress.clear()
                    printError("point \(row.number) \(row.parametersJSON) failed: \(row.error ?? "")")
                }
                state.progress.update(done: state.done, of: left.count)
            }
        }
        signals.start { number in
            if state.withLock({ $0.isOver }) { exit(128 + number) }
            pool.stop()
        }
        defer {
            state.withLock {
                $0.progress.clear()
                $0.isOver = true
            }
        }
        try pool.run(processCount: min(processCount, left.count))
        let (done, failed) = state.withLock { ($0.done, $0.failed) }
        if pool.isStopped {
            state.withLock { $0.progress.clear() }
            throw CommandLineError(
                ExitCodes.failed,
                "stopped with \(doneBefore + done) of \(total) points in \(store.path); the same command goes on from there"
            )
        }
        return Summary(doneBefore: doneBefore, done: done, failed: failed)
    }

    private static func row(_ outcome: SweepPool.Outcome, _ metric: StatisticsMetric) throws -> SweepPointRow
    {
        let parameters = Dictionary(outcome.request.parameters.map { ($0.name, $0.text) }) { _, last in last }
        var row = SweepPointRow(
            window: outcome.request.window, number: outcome.request.number,
            parametersJSON: try compactJSON(parameters), status: .failed, attempts: outcome.attempts,
            error: outcome.error)
        guard let answer = outcome.answer, answer.error == nil else { return row }
        row.status = .completed
        row.objective = answer.figures[metric.name]
        row.figuresJSON = try compactJSON(answer.figures)
        row.orderCount = Int64(clamping: answer.orderCount)
        row.fillCount = Int64(clamping: answer.fillCount)
        row.orderLogHash = answer.orderLogHash
        row.seconds = answer.seconds
        return row
    }
}

/// A value as JSON on one line with sorted keys.
func compactJSON(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
}

import Backtesting
import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Runs points on worker processes, one thread for each; results come out as they are ready.
///
/// A point whose process dies is tried once more on another one, then it has failed.
final class SweepPool: Sendable {
    /// What became of a point.
    struct Outcome: Sendable {
        var request: SweepRequest
        var attempts: Int
        /// `nil` when its process died each time.
        var answer: SweepAnswer?
        var error: String?
    }

    private struct State {
        var waiting: [(request: SweepRequest, attempts: Int)]
        /// The processes at work, with when what they are at has taken too long.
        var deadlines: [Int32: ContinuousClock.Instant] = [:]
        /// Processes that were ended because it had.
        var late: Set<Int32> = []
        var isStopped = false
        var failure: (any Error)?
    }

    private static let watchInterval = 0.05

    private let job: SweepJob
    private let timeout: Duration?
    private let state: Mutex<State>
    /// Called for each outcome by the worker's thread, one at a time.
    private let onOutcome: @Sendable (Outcome) throws -> Void
    private let outcomes = Mutex(())

    /// A point that takes longer than `timeout` counts as one whose process died.
    init(
        job: SweepJob, requests: [SweepRequest], timeout: Duration? = nil,
        onOutcome: @escaping @Sendable (Outcome) throws -> Void
    ) {
        self.job = job
        self.timeout = timeout
        self.onOutcome = onOutcome
        // Taken from the end.
        state = Mutex(State(waiting: requests.reversed().map { ($0, 0) }))
    }

    /// Whether it was stopped.
    var isStopped: Bool { state.withLock { $0.isStopped } }

    /// Runs everything on so many processes; returns when all is done or after `stop`. Throws what `onOutcome` did.
    func run(processCount: Int) throws {
        let group = DispatchGroup()
        for _ in 0..<processCount {
            group.enter()
            let thread = Thread { [self] in
                work()
                group.leave()
            }
            thread.name = "sweep"
            thread.start()
        }
        while group.wait(timeout: .now() + Self.watchInterval) == .timedOut { endLate() }
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }

    /// Ends all processes at once; what they were at is not lost, but not done.
    func stop() {
        state.withLock { state in
            state.isStopped = true
            for pid in state.deadlines.keys { kill(pid, SIGKILL) }
        }
    }

    private func endLate() {
        guard timeout != nil else { return }
        let now = ContinuousClock.now
        state.withLock { state in
            for (pid, deadline) in state.deadlines where now > deadline && state.late.insert(pid).inserted {
                kill(pid, SIGKILL)
            }
        }
    }

    /// Remembers a process and when its next answer is due; ended at once when everything is being stopped.
    private func watch(_ process: SweepProcess) {
        let deadline = ContinuousClock.now + (timeout ?? .seconds(1_000_000_000))
        let isStopped = state.withLock { state in
            state.deadlines[process.pid] = deadline
            return state.isStopped
        }
        if isStopped { kill(process.pid, SIGKILL) }
    }

    /// Forgets a process before its end is waited for, so that its number is never signalled afterwards; whether it
    /// was late.
    private func forget(_ process: SweepProcess) -> Bool {
        state.withLock { state in
            state.deadlines[process.pid] = nil
            return state.late.remove(process.pid) != nil
        }
    }

    private func work() {
        var process: SweepProcess?
        while let (request, attempts) = next() {
            do {
                let worker = try process ?? SweepProcess(job: job)
                process = worker
                watch(worker)
                // A worker that has gone is noticed when it gives no answer.
                try? worker.send(request)
                if let answer = worker.answer() {
                    try report(
                        Outcome(request: request, attempts: attempts + 1, answer: answer, error: answer.error)
                    )
                    continue
                }
                let isLate = forget(worker)
                let seconds = NumberText.duration(seconds: timeout.map { $0 / .seconds(1) })
                let ending = isLate ? "it took longer than \(seconds)" : worker.ending()
                process = nil
                guard !isStopped else { break }
                if attempts + 1 < Limits.attemptsPerPoint {
                    state.withLock { $0.waiting.append((request, attempts + 1)) }
                } else {
                    try report(Outcome(request: request, attempts: attempts + 1, answer: nil, error: ending))
                }
            } catch {
                state.withLock { $0.failure = $0.failure ?? error }
                stop()
            }
        }
        if let process {
            _ = forget(process)
            process.close()
        }
    }

    private func next() -> (request: SweepRequest, attempts: Int)? {
        state.withLock { $0.isStopped ? nil : $0.waiting.popLast() }
    }

    private func report(_ outcome: Outcome) throws {
        try outcomes.withLock { _ in try onOutcome(outcome) }
    }
}

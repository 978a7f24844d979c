import Dispatch
import Synchronization

/// Syncs recordings to disk beside the thread that writes them, one round at a time.
final class RecorderSyncs {
    private let queue = DispatchQueue(label: "recorder-sync", qos: .utility)
    private let isBusy = Mutex(false)
    private var next = ContinuousClock.now
    private let report: @Sendable (String) -> Void

    init(report: @escaping @Sendable (String) -> Void) { self.report = report }

    func beginIfDue(_ recorder: TickRecorder, now: ContinuousClock.Instant) {
        guard now >= next, !isBusy.withLock({ $0 }) else { return }
        next = now + .seconds(Limits.recorderSyncSeconds)
        let descriptors = recorder.syncDescriptors()
        guard !descriptors.isEmpty else { return }
        isBusy.withLock { $0 = true }
        let report = report
        queue.async { [self] in
            if let failure = TickRecorder.sync(descriptors) { report("ALARM: \(failure)") }
            isBusy.withLock { $0 = false }
        }
    }

    func wait() { queue.sync {} }
}

// Sendable: `next` is used by the recorder's thread only.
extension RecorderSyncs: @unchecked Sendable {}

import Dispatch
import Foundation
import Synchronization

/// A thread of its own that runs closures one after the other, for work that somebody must not wait for.
///
/// Not a dispatch queue: that begins a thread when there is something to do, and while the system refuses new ones it
/// keeps its caller waiting. This one is there from the start, so that whoever hands work over goes on whatever the
/// system is short of.
final class WorkerThread: Sendable {
    private final class Shared: Sendable {
        let work = Mutex<[@Sendable () -> Void]>([])
        let isEnding = Atomic<Bool>(false)
        let wake = DispatchSemaphore(value: 0)

        func run() {
            while true {
                wake.wait()
                let next = work.withLock { $0.isEmpty ? nil : $0.removeFirst() }
                if let next { next() } else if isEnding.load(ordering: .relaxed) { return }
            }
        }
    }

    private let shared = Shared()

    /// Starts the thread; it ends with the last reference to this object, after the work it has.
    init(name: String) {
        let thread = Thread { [shared] in shared.run() }
        thread.name = name
        thread.start()
    }

    deinit {
        shared.isEnding.store(true, ordering: .relaxed)
        shared.wake.signal()
    }

    /// Hands over something to do; any thread, never waits.
    func async(_ body: @escaping @Sendable () -> Void) {
        shared.work.withLock { $0.append(body) }
        shared.wake.signal()
    }

    /// Waits until all that was handed over before has been done.
    func finish() {
        let done = DispatchSemaphore(value: 0)
        async { done.signal() }
        done.wait()
    }
}

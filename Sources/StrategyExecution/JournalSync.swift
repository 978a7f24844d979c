import CPlatform
import Foundation
import Synchronization

/// Syncs a journal file to the disk on another thread, one sync at a time, so that a slow disk holds up no decision.
final class JournalSync: Sendable {
    private enum State: Int { case idle, busy }

    /// A descriptor of its own, since the writer may be gone before a sync has ended.
    private let descriptor: Int32
    private let state = Atomic<Int>(State.idle.rawValue)
    private let failure = Atomic<Int32>(0)
    private let due = Atomic<Bool>(false)

    init(descriptor: Int32) { self.descriptor = cplatform_duplicate(descriptor, 0) }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Whether something was written since the last sync began.
    var isDue: Bool {
        get { due.load(ordering: .relaxed) }
        set { due.store(newValue, ordering: .relaxed) }
    }

    /// The errno of a sync that failed.
    var failureNumber: Int32? {
        let number = failure.load(ordering: .relaxed)
        return number == 0 ? nil : number
    }

    /// Begins a sync unless one is under way or nothing is due.
    func begin() {
        guard descriptor >= 0, isDue,
            state.compareExchange(
                expected: State.idle.rawValue, desired: State.busy.rawValue, ordering: .acquiringAndReleasing
            ).exchanged
        else { return }
        isDue = false
        DispatchQueue.global(qos: .utility).async { [self] in
            if fsync(descriptor) != 0, errno != EINTR, errno != ENOSPC, errno != EDQUOT {
                failure.store(errno, ordering: .relaxed)
            }
            state.store(State.idle.rawValue, ordering: .releasing)
        }
    }
}

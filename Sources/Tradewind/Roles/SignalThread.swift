import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A thread that waits for signals with sigwait(3), so that no code ever runs in a signal handler.
///
/// Make it before any other thread exists: it blocks the signals in the calling thread, whose mask all later
/// threads inherit. Signals that arrive before `start` are kept by the kernel.
final class SignalThread: Sendable {
    private let signals: [Int32]
    private let received = Atomic<Int32>(0)

    /// The first signal that came since `start`; 0 when none did.
    var first: Int32 { received.load(ordering: .relaxed) }

    /// Blocks the signals in this thread and in those it will make.
    init(signals: [Int32]) {
        self.signals = signals
        var set = Self.set(of: signals)
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Begins to wait; `handler` is called on the thread for every signal, for as long as the process lives.
    func start(_ handler: @escaping @Sendable (Int32) -> Void) {
        let thread = Thread { [self] in
            var set = Self.set(of: signals)
            while true {
                var number: Int32 = 0
                guard sigwait(&set, &number) == 0 else { continue }
                _ = received.compareExchange(expected: 0, desired: number, ordering: .relaxed)
                handler(number)
            }
        }
        thread.name = "signals"
        thread.stackSize = 128 << 10
        thread.start()
    }

    private static func set(of signals: [Int32]) -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for number in signals { sigaddset(&set, number) }
        return set
    }
}

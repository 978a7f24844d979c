import MarketData

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Removes what a command has begun to write when a signal ends it.
enum UnfinishedFiles {
    /// From now on SIGINT, SIGTERM and SIGHUP remove these files and end the process as they would have.
    ///
    /// To be called before the process has other threads, which must leave these signals to a thread of their own.
    static func removeWhenInterrupted(_ paths: [String]) {
        let signals = SignalThread(signals: [SIGINT, SIGTERM, SIGHUP])
        signals.start { number in
            for path in paths { unlink(path) }
            // Over a progress bar that may stand there.
            printError((isatty(2) == 1 ? "\r\u{1B}[K" : "") + "tradewind: interrupted; nothing was written")
            // Whoever started the program sees that a signal ended it, and a shell ends its loop.
            var set = sigset_t()
            sigemptyset(&set)
            sigaddset(&set, number)
            signal(number, SIG_DFL)
            pthread_sigmask(SIG_UNBLOCK, &set, nil)
            kill(getpid(), number)
        }
    }

    /// The same for a file that is written under a temporary name, as tick files and exports are.
    static func removeWhenInterrupted(writing path: String) { removeWhenInterrupted([path + ".partial"]) }
}

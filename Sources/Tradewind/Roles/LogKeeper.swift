import Foundation
import Supervision

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A thread that keeps the log of its own process within its bound, whatever the process prints.
///
/// Standard output and error are the log file itself, so nothing is lost when the process crashes, and no other process
/// is needed for it. The thread looks at the file's size, the more often the faster it grows, and puts a new file in
/// its place. It runs beside the strategy's loop, so that a strategy that prints for ever is held to the bound as well.
enum LogKeeper {
    private static let longestPause: Double = 0.5
    private static let shortestPause: Double = 0.005

    /// Starts the thread; it lives as long as the process.
    static func start(path: String) {
        let file = LogFile(path: path)
        let thread = Thread { keep(file) }
        thread.name = "log"
        thread.stackSize = 128 << 10
        thread.start()
    }

    private static func keep(_ file: LogFile) {
        var lastSize = size() ?? 0
        var pause = longestPause
        while true {
            Thread.sleep(forTimeInterval: pause)
            guard let now = size() else { return }
            if now >= file.byteCountMax || isDeleted() { replace(file) }
            // Half the time in which what is left would be full at this pace.
            let growth = Double(max(0, now - lastSize)) / pause
            let left = Double(max(0, file.byteCountMax - now % file.byteCountMax))
            pause = growth > 0 ? min(longestPause, max(shortestPause, left / growth / 2)) : longestPause
            lastSize = size() ?? 0
        }
    }

    /// Puts a new file under standard output and error. When that fails, the old one is emptied: the bound holds.
    private static func replace(_ file: LogFile) {
        fflush(nil)
        guard let descriptor = try? file.openForAppend() else {
            ftruncate(STDOUT_FILENO, 0)
            return
        }
        dup2(descriptor, STDOUT_FILENO)
        dup2(descriptor, STDERR_FILENO)
        close(descriptor)
        // What was printed between two looks may be much more than the bound.
        try? file.trimNewestRotated()
    }

    private static func size() -> Int? {
        var status = stat()
        guard fstat(STDOUT_FILENO, &status) == 0 else { return nil }
        return Int(status.st_size)
    }

    private static func isDeleted() -> Bool {
        var status = stat()
        return fstat(STDOUT_FILENO, &status) == 0 && status.st_nlink == 0
    }
}

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// How far a long command has come, on one line of standard error; silent when that is no terminal.
final class ProgressBar {
    private let isShown: Bool
    private var lastShown: ContinuousClock.Instant?
    private let begin = ContinuousClock.now
    private static let width = 30

    init() { isShown = isatty(2) == 1 }

    /// Shows a state, at most ten times a second.
    ///
    /// - Parameter total: 0 when it is not known.
    func show(done: Int, total: Int, text: String) {
        guard isShown else { return }
        let now = ContinuousClock.now
        if let lastShown, now - lastShown < .milliseconds(100) { return }
        lastShown = now
        var line = "\r\u{1B}[K"
        if total > 0 {
            let share = min(max(Double(done) / Double(total), 0), 1)
            let filled = Int(share * Double(Self.width))
            line += "[" + String(repeating: "#", count: filled)
            line += String(repeating: ".", count: Self.width - filled) + "] \(Int(share * 100)) %  "
        }
        line += text
        let seconds = Double((now - begin).components.seconds)
        if total > 0, done > 0, seconds >= 2, done < total {
            line += ", \(Int(seconds * Double(total - done) / Double(done))) s left"
        }
        write(line)
    }

    /// Takes the line away.
    func clear() {
        guard isShown, lastShown != nil else { return }
        write("\r\u{1B}[K")
    }

    private func write(_ text: String) {
        let bytes = Array(text.utf8)
        // There is nowhere left to report a failure of standard error.
        #if canImport(Glibc)
            _ = bytes.withUnsafeBytes { Glibc.write(2, $0.baseAddress, $0.count) }
        #else
            _ = bytes.withUnsafeBytes { Darwin.write(2, $0.baseAddress, $0.count) }
        #endif
    }
}

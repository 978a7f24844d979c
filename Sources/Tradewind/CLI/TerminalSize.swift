#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// How large the terminal is.
struct TerminalSize: Equatable {
    var columns: Int
    var lines: Int

    /// That of standard output; 80 by 24 when it is none.
    static var current: TerminalSize {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return TerminalSize(columns: 80, lines: 24)
        }
        return TerminalSize(columns: max(20, Int(size.ws_col)), lines: max(4, Int(size.ws_row)))
    }
}

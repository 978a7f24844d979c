import Monitoring
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The terminal as a full-screen program has it: keys come as they are pressed, the screen is another one. It is put
/// back on every way out: `restore`, exit(3) and the signals that end a process.
enum RawTerminal {
    private static let enter = "\u{1b}[?1049h\u{1b}[?25l\u{1b}[?7l"
    private static let leave = "\u{1b}[?7h\u{1b}[?25h\u{1b}[0m\u{1b}[?1049l"
    /// The settings to go back to, and ours; written once, before a handler that reads them can run.
    nonisolated(unsafe) private static var saved = termios()
    nonisolated(unsafe) private static var raw = termios()
    /// Signals that end a process on somebody's wish, and those of a fault of its own.
    private static let endings = [
        SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE, SIGALRM, SIGUSR1, SIGUSR2, SIGXCPU, SIGXFSZ, SIGVTALRM,
        SIGPROF,
    ]
    private static let faults = [SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS]
    private static let isActive = Atomic<Bool>(false)

    /// Whether there is a terminal to take.
    static var isAvailable: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 }

    /// Takes the terminal; `false` when its settings cannot be read.
    static func begin() -> Bool {
        guard tcgetattr(STDIN_FILENO, &saved) == 0 else { return false }
        atexit { RawTerminal.restore() }
        raw = saved
        cfmakeraw(&raw)
        raw.c_oflag |= tcflag_t(OPOST)
        // write(2), tcsetattr(3), raise(3) and _exit(2) are safe in a handler.
        for number in endings {
            signal(number) { number in
                RawTerminal.restore()
                _exit(128 + number)
            }
        }
        for number in faults {
            signal(number) { number in
                RawTerminal.restore()
                signal(number, SIG_DFL)
                raise(number)
            }
        }
        signal(SIGTSTP) { _ in
            RawTerminal.restore()
            raise(SIGSTOP)
            RawTerminal.take()
        }
        take()
        return true
    }

    private static func take() {
        isActive.store(true, ordering: .sequentiallyConsistent)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw)
        write(enter)
    }

    /// Puts everything back; harmless when it is done twice.
    static func restore() {
        guard isActive.exchange(false, ordering: .sequentiallyConsistent) else { return }
        write(leave)
        tcsetattr(STDIN_FILENO, TCSANOW, &saved)
    }

    /// Shows lines, one of them reversed.
    static func draw(_ lines: [String], selected: Int?) {
        var text = "\u{1b}[H"
        for (index, line) in lines.enumerated() {
            text += index == selected ? "\u{1b}[7m\(line)\u{1b}[0m\u{1b}[K" : "\(line)\u{1b}[K"
            if index < lines.count - 1 { text += "\r\n" }
        }
        write(text)
    }

    /// Waits for keys; those that came, none after `milliseconds`; `nil` when the terminal is gone.
    static func keys(milliseconds: Int32) -> [TopScreen.Key]? {
        var wait = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        let count = poll(&wait, 1, milliseconds)
        if count < 0 { return errno == EINTR ? [] : nil }
        guard count > 0 else { return [] }
        var bytes = [UInt8](repeating: 0, count: 256)
        let length = read(STDIN_FILENO, &bytes, bytes.count)
        guard length > 0 else { return nil }
        return parse(Array(bytes.prefix(length)))
    }

    /// The keys that bytes of a terminal stand for.
    static func parse(_ bytes: [UInt8]) -> [TopScreen.Key] {
        var keys: [TopScreen.Key] = []
        var rest = String(decoding: bytes, as: UTF8.self)[...]
        let sequences: [(String, TopScreen.Key)] = [
            ("[A", .up), ("OA", .up), ("[B", .down), ("OB", .down), ("[5~", .pageUp), ("[6~", .pageDown),
            ("[H", .home), ("OH", .home), ("[1~", .home), ("[F", .end), ("OF", .end), ("[4~", .end),
        ]
        while let character = rest.popFirst() {
            switch character {
            case "\u{1b}":
                if let found = sequences.first(where: { rest.hasPrefix($0.0) }) {
                    rest = rest.dropFirst(found.0.count)
                    keys.append(found.1)
                } else if rest.hasPrefix("[") {
                    // A key that means nothing here.
                    rest = rest.drop { !$0.isLetter && $0 != "~" }.dropFirst()
                } else {
                    keys.append(.escape)
                }
            case "\r", "\n", "\r\n": keys.append(.enter)
            case "\u{7f}", "\u{8}": keys.append(.backspace)
            // Ctrl-C and Ctrl-D end it as q does.
            case "\u{3}", "\u{4}":
                keys.append(contentsOf: [.escape, .escape, .character("q"), .character("q")])
            default: if !character.isNewline, character >= " " { keys.append(.character(character)) }
            }
        }
        return keys
    }

    private static func write(_ text: String) {
        // The descriptor may be one that does not take everything at once.
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { writeBytes(STDOUT_FILENO, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }
}

private func writeBytes(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}

/// How a process ended.
package enum ExitStatus: Hashable, Sendable, CustomStringConvertible {
    /// It returned or called exit(3) with this code, 0 to 255.
    case exited(code: Int32)
    /// A signal ended it.
    case signaled(signal: Int32)
    /// It ended; only its parent could have learnt how.
    case unknown

    /// The exit code for a configuration that the process refuses: EX_CONFIG of sysexits.h.
    package static let configurationErrorCode: Int32 = 78

    /// Decodes the status word of waitpid(2); `nil` when the process has only stopped or continued.
    package init?(waitStatus: Int32) {
        let signal = waitStatus & 0x7F
        if signal == 0 {
            self = .exited(code: waitStatus >> 8 & 0xFF)
        } else if signal != 0x7F {
            self = .signaled(signal: signal)
        } else {
            return nil
        }
    }

    /// Words for an operator, such as `exited with code 1` or `ended by signal 9 (SIGKILL)`.
    package var description: String {
        switch self {
        case .exited(let code): "exited with code \(code)"
        case .signaled(let signal): "ended by signal \(SignalName.text(of: signal))"
        case .unknown: "ended while nobody was watching"
        }
    }
}

/// Names of the signals that a supervised process usually ends by.
enum SignalName {
    /// The number, and the name where the number means the same on Linux and macOS.
    static func text(of signal: Int32) -> String {
        switch signal {
        case 1: "1 (SIGHUP)"
        case 2: "2 (SIGINT)"
        case 3: "3 (SIGQUIT)"
        case 4: "4 (SIGILL)"
        case 5: "5 (SIGTRAP)"
        case 6: "6 (SIGABRT)"
        case 8: "8 (SIGFPE)"
        case 9: "9 (SIGKILL)"
        case 11: "11 (SIGSEGV)"
        case 13: "13 (SIGPIPE)"
        case 14: "14 (SIGALRM)"
        case 15: "15 (SIGTERM)"
        default: "\(signal)"
        }
    }
}

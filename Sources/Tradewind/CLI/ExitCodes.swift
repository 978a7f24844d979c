import ArgumentParser

/// The exit codes of every command; the numbers are those of sysexits.h, so scripts can tell what happened.
enum ExitCodes {
    /// The command ran and what it was asked to do did not succeed.
    static let failed = ExitCode(1)
    /// The command line cannot be understood.
    static let usage = ExitCode(64)
    /// The contents of a file or a row are wrong.
    static let badData = ExitCode(65)
    /// A file or a home does not exist.
    static let noInput = ExitCode(66)
    /// The manager is not running.
    static let unavailable = ExitCode(69)
    /// A file or a socket cannot be written or read.
    static let ioError = ExitCode(74)
    /// The wait was longer than allowed; the thing may still happen.
    static let timeout = ExitCode(75)
    /// The home belongs to somebody else or cannot be written.
    static let noPermission = ExitCode(77)
    /// A strategy, its parameters or a setting is wrong.
    static let configuration = ExitCode(78)

    /// The list for help texts.
    static let discussion = """
        Exit codes: 0 done; 1 it did not succeed; 64 usage; 65 bad data; 66 file or home missing; \
        69 the manager is not running; 74 input or output error; 75 waited too long; 77 no permission; \
        78 bad configuration.
        """
}

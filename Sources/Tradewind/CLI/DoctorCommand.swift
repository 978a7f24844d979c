import ArgumentParser
import Supervision

/// `tradewind doctor`
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Examine a home and its machine, and say what to do about each finding.",
        discussion: """
            Looks at permissions, locks and sockets, versions, the database, stuck processes, commands that wait, \
            journals, the clock, disk space and limits. It writes nothing, and works with and without a manager, and with \
            a database that is locked, missing or damaged. Exit code 1 when it found a problem; warnings and notes are 0.
            """)

    @OptionGroup var home: HomeOptions
    @Flag(
        name: .long,
        help: "Check every page of the database and every record of all journals; may take minutes.")
    var full = false
    @Flag(name: .long, help: "Print JSON.") var json = false

    func run() throws {
        try reporting {
            var doctor = Doctor(home: try home.directory(), isFull: full, now: WallClock.now)
            let report = doctor.examine()
            if json { try printJSON(report) } else { print(report.text()) }
            if report.count(.problem) > 0 { throw ExitCodes.failed }
        }
    }
}

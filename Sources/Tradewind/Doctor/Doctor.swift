import ControlPlane
import Supervision
import TradingModel

/// Examines a home from outside: files, locks, database, journals and the machine it runs on. It writes nothing, takes
/// no lock that could be in anybody's way, and works whether or not a manager runs.
struct Doctor {
    let home: HomeDirectory
    /// Whether the database gets the slow check and journals are read from their beginnings.
    let isFull: Bool
    let now: Timestamp
    var report: DoctorReport
    /// The database, once it could be opened and read.
    var database: DatabaseInspection?
    /// Whether the schema is the one this program knows, so that its tables can be asked.
    var knowsSchema = false
    let managerPID: Int32?

    init(home: HomeDirectory, isFull: Bool, now: Timestamp) {
        self.home = home
        self.isFull = isFull
        self.now = now
        managerPID = ManagerProbe.pid(home)
        report = DoctorReport(home: home.path, version: TradewindVersion.text, managerPID: managerPID)
    }

    /// Runs all checks. Each stands for itself: one that cannot be done says so and does not hold up the others.
    mutating func examine() -> DoctorReport {
        guard checkHome() else { return report }
        checkLocks()
        checkVersions()
        checkDatabase()
        if knowsSchema {
            attempt("instances") { try $0.checkInstances() }
            attempt("commands") { try $0.checkCommands() }
        }
        checkJournals()
        attempt("clock") { try $0.checkClock() }
        checkDisk()
        checkLimits()
        return report
    }

    private mutating func attempt(_ area: String, _ check: (inout Doctor) throws -> Void) {
        do {
            try check(&self)
        } catch {
            report.add(
                .problem, area, "could not be examined: \(error)", at: home.databasePath,
                do: "see what is said about the database")
        }
    }
}

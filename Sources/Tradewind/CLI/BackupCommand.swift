import ArgumentParser
import ControlPlane
import Foundation
import Supervision

/// `tradewind backup`
struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Write a checked copy of the database to a new file.",
        discussion: """
            The manager may run meanwhile and notices nothing. The copy is complete and has passed SQLite's integrity \
            check when it gets its name. To go back to it: stop the manager, move engine.db and its -wal and -shm files \
            away, and copy the backup to engine.db; what the journals hold since then is copied again at the next run.
            """)

    @OptionGroup var home: HomeOptions
    @Argument(help: "The file to write. Default: backups/engine-TIME.db in the home.") var path: String?
    @Flag(name: .long, help: "Print JSON.") var json = false

    /// What `--json` prints.
    struct Document: Encodable {
        var path: String
        var bytes: Int
        var seconds: Double
    }

    func run() throws {
        try reporting {
            let directory = try home.directory()
            // Not as a reader: VACUUM INTO through a read-only connection fails on generated columns in SQLite 3.40.
            let store = try home.open(.client)
            let target = try targetPath(directory)
            let start = ContinuousClock.now
            try store.backUp(to: target)
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            let size = try FileManager.default.attributesOfItem(atPath: target)[.size] as? Int ?? 0
            if json {
                try printJSON(Document(path: target, bytes: size, seconds: seconds))
            } else {
                print(
                    "\(target): \(size) bytes, integrity check passed, \(String(format: "%.2f", seconds)) s")
            }
        }
    }

    private func targetPath(_ directory: HomeDirectory) throws -> String {
        if let path {
            return URL(fileURLWithPath: path).path
        }
        let backups = directory.backupsDirectory
        if !FileManager.default.fileExists(atPath: backups) {
            try FileManager.default.createDirectory(
                atPath: backups, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        }
        let time = "\(WallClock.now)".replacingOccurrences(of: ":", with: "")
        return "\(backups)/engine-\(time).db"
    }
}

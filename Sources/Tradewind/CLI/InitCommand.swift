import ArgumentParser
import ControlPlane

/// `tradewind init`
struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make a home directory with an empty database. Harmless when it is there.")

    @OptionGroup var home: HomeOptions

    func run() throws {
        try reporting {
            let directory = try home.directory()
            try directory.create()
            let isNew = try ControlStore.create(directory)
            print(isNew ? "made \(directory.path)" : "\(directory.path) is there already")
            print("control it with: sqlite3 \(directory.databasePath)")
        }
    }
}

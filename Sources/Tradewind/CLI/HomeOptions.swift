import ArgumentParser
import ControlPlane

/// The home option of commands that need no home, so that a script can give it everywhere.
struct IgnoredHomeOption: ParsableArguments {
    @Option(name: .long, help: .hidden)
    var home: String?
}

/// The option that says which home a command works on.
struct HomeOptions: ParsableArguments {
    @Option(
        name: .long,
        help:
            "The home directory. Default: $TRADEWIND_HOME, ./tradewind-home if it exists, your data directory."
    )
    var home: String?

    /// The home, whether or not it exists.
    func directory() throws -> HomeDirectory { try HomeDirectory.resolve(option: home) }

    /// The database of the home, which must exist.
    func open(_ access: ControlStore.Access) throws -> ControlStore {
        try ControlStore.open(try directory(), access: access)
    }
}

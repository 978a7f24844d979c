#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// The directory that holds everything of one engine; several engines on a host are several homes.
///
/// ```
/// engine.db                            the control plane
/// manager.lock                         one manager per home
/// run/                                 sockets and lock files, see `runDirectory`
/// journal/<strategy-id>/<n>.journal    what each strategy did
/// ticks/<yyyy-mm-dd>/<feed>.ticks      recordings
/// logs/<role-or-strategy>.log
/// ```
package struct HomeDirectory: Hashable, Sendable {
    /// The absolute path, symbolic links resolved where it exists.
    package let path: String
    /// Where sockets live: `run` inside the home, or a per-user directory named by a hash of `path` when a
    /// socket's path would not fit into `sun_path` (108 bytes on Linux, 104 on macOS).
    package let runDirectory: String

    /// Takes a path as it is, made absolute; nothing is read or created but the links on the way.
    package init(path: String) {
        self.init(path: path, environment: HomeDirectory.processEnvironment)
    }

    /// The same with the environment passed in.
    package init(path: String, environment: (String) -> String?) {
        let absolute = HomeDirectory.absolutePath(path)
        self.path = absolute
        runDirectory = HomeDirectory.runDirectory(ofHome: absolute, environment: environment)
    }

    /// Finds the home: the `--home` option, else `$TRADEWIND_HOME`, else `./tradewind-home` when it exists,
    /// else the per-user data directory (`$XDG_DATA_HOME/tradewind`, `~/.local/share/tradewind`, on macOS
    /// `~/Library/Application Support/Tradewind`).
    package static func resolve(option: String?) throws(ControlError) -> HomeDirectory {
        try resolve(option: option, environment: processEnvironment)
    }

    /// The same with the environment passed in.
    package static func resolve(
        option: String?, environment: (String) -> String?
    ) throws(ControlError) -> HomeDirectory {
        if let option {
            guard !option.isEmpty else { throw ControlError(.home, "--home is empty: give a directory") }
            return HomeDirectory(path: option, environment: environment)
        }
        if let value = environment("TRADEWIND_HOME"), !value.isEmpty {
            return HomeDirectory(path: value, environment: environment)
        }
        if let status = try SystemCall.status("tradewind-home"), status.isDirectory {
            return HomeDirectory(path: "tradewind-home", environment: environment)
        }
        guard let directory = userDataDirectory(environment) else {
            throw ControlError(.home, "no home directory: $HOME is not set; use --home or set TRADEWIND_HOME")
        }
        return HomeDirectory(path: directory, environment: environment)
    }

    /// `engine.db`.
    package var databasePath: String { path + "/engine.db" }
    /// The lock that one manager holds.
    package var managerLockPath: String { path + "/manager.lock" }
    /// The journals of all strategies.
    package var journalDirectory: String { path + "/journal" }
    /// Recordings.
    package var ticksDirectory: String { path + "/ticks" }
    /// Log files.
    package var logsDirectory: String { path + "/logs" }
    /// Backups made by `tradewind backup`.
    package var backupsDirectory: String { path + "/backups" }
    /// Copies of executables that strategies were put back on.
    package var deploymentsDirectory: String { path + "/deployments" }
    /// The broker's socket.
    package var busSocketPath: String { runDirectory + "/bus.sock" }
    /// The secret of the bus, mode 0600; read by the manager.
    package var busKeyPath: String { runDirectory + "/bus.key" }

    /// The journal files of a strategy.
    package func journalDirectory(strategyID: String) -> String { journalDirectory + "/" + strategyID }

    /// The log file of a role or a strategy.
    package func logPath(_ name: String) -> String { logsDirectory + "/\(name).log" }

    /// The lock file of an instance, by strategy or feed id, or by role.
    package func instanceLockPath(_ name: String) -> String { runDirectory + "/\(name).lock" }

    /// A socket in the run directory; traps when the name has more than 48 bytes.
    package func socketPath(_ name: String) -> String {
        precondition(name.utf8.count <= Limits.socketNameBytesMax, "socket names have at most 48 bytes")
        return runDirectory + "/" + name
    }
}

// MARK: - Finding paths

extension HomeDirectory {
    /// getenv(3).
    package static func processEnvironment(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }

    private static func userDataDirectory(_ environment: (String) -> String?) -> String? {
        #if !canImport(Darwin)
            if let data = environment("XDG_DATA_HOME"), data.hasPrefix("/") { return data + "/tradewind" }
        #endif
        guard let home = environment("HOME"), home.hasPrefix("/") else { return nil }
        #if canImport(Darwin)
            return home + "/Library/Application Support/Tradewind"
        #else
            return home + "/.local/share/tradewind"
        #endif
    }

    private static func absolutePath(_ path: String) -> String {
        if let canonical = SystemCall.canonicalPath(path) { return canonical }
        // What does not exist yet still gets the canonical name of its parent, so that it has one name ever.
        var trimmed = path
        while trimmed.utf8.count > 1, trimmed.hasSuffix("/") { trimmed.removeLast() }
        guard let slash = trimmed.lastIndex(of: "/") else {
            return (SystemCall.canonicalPath(".") ?? ".") + "/" + trimmed
        }
        let parent = trimmed[..<slash]
        let name = trimmed[trimmed.index(after: slash)...]
        let base = parent.isEmpty ? "" : absolutePath(String(parent))
        return base + "/" + name
    }

    private static func runDirectory(ofHome path: String, environment: (String) -> String?) -> String {
        let own = path + "/run"
        if fits(own) { return own }
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in path.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        if let directory = environment("XDG_RUNTIME_DIR"), directory.hasPrefix("/") {
            let candidate = directory + "/tradewind/" + hexadecimal(hash)
            if fits(candidate) { return candidate }
        }
        return "/tmp/tradewind-\(getuid())/" + hexadecimal(hash)
    }

    /// Whether the longest socket path below `directory` and its zero byte fit into `sun_path`.
    private static func fits(_ directory: String) -> Bool {
        let available = MemoryLayout.size(ofValue: sockaddr_un().sun_path)
        return directory.utf8.count + 1 + Limits.socketNameBytesMax + 1 <= available
    }
}

extension ControlError {
    /// Whether the same call may succeed later without anybody changing it: somebody's lock, a full disk.
    package var isTransient: Bool { code == .busy || code == .storage }

    /// Whether the database as a whole cannot be used, so that every other call would fail as well; a row that it
    /// refuses says nothing about the next one.
    package var isAboutDatabase: Bool {
        switch code {
        case .busy, .storage, .corrupt, .notADatabase, .newerVersion, .deleted, .replaced, .system: true
        default: false
        }
    }
}

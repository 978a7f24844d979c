/// What went wrong with the home directory or the control plane's database.
package struct ControlError: Error, Equatable, CustomStringConvertible {
    /// The kind of failure; more may be added.
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        package let description: String

        private init(_ description: String) { self.description = description }

        /// The home directory cannot be used.
        package static let home = Code("home")
        /// The home directory belongs to another user.
        package static let permission = Code("permission")
        /// There is no `engine.db` yet.
        package static let notInitialized = Code("not_initialized")
        /// `engine.db` is not a Tradewind database.
        package static let notADatabase = Code("not_a_database")
        /// `engine.db` was written by a newer program.
        package static let newerVersion = Code("newer_version")
        /// `engine.db` was written by an older program and only the manager may migrate it.
        package static let olderVersion = Code("older_version")
        /// Another process holds the database locked; try again.
        package static let busy = Code("busy")
        /// A constraint of the schema refused the row; the context is the schema's own sentence.
        package static let refused = Code("refused")
        /// No such strategy, command or feed.
        package static let notFound = Code("not_found")
        /// The disk is full or the file system failed.
        package static let storage = Code("storage")
        /// The database file is damaged.
        package static let corrupt = Code("corrupt")
        /// The database file was deleted while it was open.
        package static let deleted = Code("deleted")
        /// Another file has taken the place of the database that is open.
        package static let replaced = Code("replaced")
        /// SQLite refused for another reason, a fault of this program.
        package static let database = Code("database")
        /// A system call failed.
        package static let system = Code("system")
    }

    /// The kind of failure.
    package let code: Code
    /// What failed, on what, and what to do; a sentence for an operator.
    package let context: String
    /// The errno of the system call that failed, if one did.
    package let errno: Int32?

    package init(_ code: Code, _ context: String, errno: Int32? = nil) {
        self.code = code
        self.context = context
        self.errno = errno
    }

    /// The sentence, and the system's words when a system call failed.
    package var description: String {
        guard let errno else { return context }
        return "\(context): \(SystemCall.message(errno))"
    }
}

/// What to start and what the new process inherits. It gets nothing else: no other descriptor, signal mask or session.
package struct SpawnRequest: Sendable {
    /// Where standard output and standard error go.
    package enum Output: Sendable, Hashable {
        /// An open descriptor, best opened for append; it stays open here.
        case descriptor(Int32)
        /// A file, opened for append by the child and made with mode 0600.
        case file(path: String)
        /// /dev/null.
        case discarded
    }

    /// The descriptor number of the bootstrap socket in the child.
    package static let bootstrapDescriptor: Int32 = 3
    /// The descriptor number of the instance lock in the child.
    package static let lockDescriptor: Int32 = 4

    /// The path of the executable; it is not looked up in PATH.
    package var executablePath: String
    /// The arguments with the program's name in front. Never secrets: every user can read them.
    package var arguments: [String]
    /// The whole environment as `NAME=value`.
    package var environment: [String]
    /// Becomes standard input of the child; stays open here. `nil`: /dev/null.
    package var inputDescriptor: Int32?
    /// Where standard output and standard error go.
    package var output: Output
    /// Becomes descriptor 3 of the child; stays open here.
    package var bootstrapDescriptor: Int32?
    /// Becomes descriptor 4 of the child; stays open here.
    package var lockDescriptor: Int32?

    /// Makes a request.
    package init(
        executablePath: String, arguments: [String], environment: [String] = [],
        inputDescriptor: Int32? = nil,
        output: Output,
        bootstrapDescriptor: Int32? = nil, lockDescriptor: Int32? = nil
    ) {
        self.executablePath = executablePath
        self.arguments = arguments
        self.environment = environment
        self.inputDescriptor = inputDescriptor
        self.output = output
        self.bootstrapDescriptor = bootstrapDescriptor
        self.lockDescriptor = lockDescriptor
    }
}

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// What went wrong with market data: a file, an import or a feed's options.
public struct MarketDataError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The kind of failure, for programs; extensible.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        public let rawValue: String

        /// Makes a code; feeds of users may have their own.
        public init(_ rawValue: String) { self.rawValue = rawValue }

        public var description: String { rawValue }

        /// A system call failed, see `errorNumber`.
        public static let system = Code("system")
        /// The file does not exist.
        public static let fileNotFound = Code("file_not_found")
        /// The output exists already.
        public static let fileExists = Code("file_exists")
        /// Another process is writing the file.
        public static let fileBusy = Code("file_busy")
        /// Not a regular file.
        public static let notAFile = Code("not_a_file")
        /// Not a tick file.
        public static let notATickFile = Code("not_a_tick_file")
        /// A tick file of a version this build does not read.
        public static let unsupportedVersion = Code("unsupported_version")
        /// The file ends before its contents do.
        public static let truncated = Code("truncated")
        /// A checksum or a field does not agree with its contents.
        public static let damaged = Code("damaged")
        /// The writer of the file was cut off; its last block is incomplete.
        public static let tornTail = Code("torn_tail")
        /// Receive times go back.
        public static let outOfOrder = Code("out_of_order")
        /// A bound of this module is exceeded.
        public static let limitExceeded = Code("limit_exceeded")
        /// Instruments contradict each other.
        public static let instrumentConflict = Code("instrument_conflict")
        /// A CSV file's layout was not recognised.
        public static let unknownLayout = Code("unknown_layout")
        /// Rows that cannot be imported.
        public static let badRows = Code("bad_rows")
        /// Options that are missing, unknown or out of range.
        public static let badOptions = Code("bad_options")
        /// Somebody else uses an address.
        public static let portInUse = Code("port_in_use")
        /// No feed is registered under the name.
        public static let unknownFeed = Code("unknown_feed")
    }

    public let code: Code
    /// What failed, on what, and what to do about it.
    public let context: String
    /// The system's error number when a system call failed.
    public let errorNumber: Int32?

    /// Makes an error; `context` is what the operator reads.
    public init(_ code: Code, _ context: String, errorNumber: Int32? = nil) {
        self.code = code
        self.context = context
        self.errorNumber = errorNumber
    }

    public var description: String {
        guard let errorNumber else { return context }
        return "\(context): \(String(cString: strerror(errorNumber)))"
    }
}

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A text file that is being written: through a buffer, under a temporary name until it is whole.
///
/// Not thread-safe.
package final class ResultFile {
    private let path: String
    private var stream: UnsafeMutablePointer<FILE>?
    private var temporary: String { path + ".part" }

    /// Makes a file; throws when there is one already, unless it may be replaced.
    package init(path: String, replaces: Bool) throws(BacktestError) {
        self.path = path
        guard replaces || access(path, F_OK) != 0 else {
            throw BacktestError(
                .output, context: "\(path) exists; name another or give --force to replace it")
        }
        stream = fopen(path + ".part", "w")
        guard stream != nil else { throw Self.failure(path) }
    }

    deinit {
        guard let stream else { return }
        // Not closed: nobody wants a part of a file.
        fclose(stream)
        unlink(temporary)
    }

    /// Adds text.
    package func write(_ text: String) throws(BacktestError) {
        guard let stream else { return }
        var copy = text
        let isWhole = copy.withUTF8 { fwrite($0.baseAddress, 1, $0.count, stream) == $0.count }
        guard isWhole else { throw Self.failure(path) }
    }

    /// Ends the file and puts it in its place.
    package func close() throws(BacktestError) {
        guard let stream else { return }
        self.stream = nil
        guard fclose(stream) == 0, rename(temporary, path) == 0 else {
            let error = Self.failure(path)
            unlink(temporary)
            throw error
        }
    }

    /// Writes a whole file.
    package static func write(_ text: String, to path: String, replaces: Bool) throws(BacktestError) {
        let file = try ResultFile(path: path, replaces: replaces)
        try file.write(text)
        try file.close()
    }

    /// Makes a directory; one that is there is fine.
    package static func makeDirectory(_ path: String) throws(BacktestError) {
        guard mkdir(path, 0o777) == 0 || errno == EEXIST else { throw failure(path) }
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw BacktestError(.output, context: "\(path) is not a directory; name another")
        }
    }

    private static func failure(_ path: String) -> BacktestError {
        let text = String(cString: strerror(errno))
        return BacktestError(.output, context: "cannot write \(path): \(text)")
    }
}

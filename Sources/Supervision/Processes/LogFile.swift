import CPlatform

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The log of one role or strategy: `<name>.log`, and older ones as `<name>.log.1` (the newest) and so on.
///
/// The process writes straight into the file. It is rotated when it is opened for the next process, and by the process
/// itself while it runs.
package struct LogFile: Sendable, Hashable {
    /// The path of the current file.
    package let path: String
    /// The size from which a file is rotated, in bytes.
    package let byteCountMax: Int
    /// The number of files kept, the current one included.
    package let fileCountMax: Int

    /// Names a log; nothing is opened or made.
    package init(
        path: String, byteCountMax: Int = Limits.logFileBytesMax, fileCountMax: Int = Limits.logFileCountMax
    ) {
        precondition(
            byteCountMax > 0 && fileCountMax > 0, "a log needs at least one file of at least one byte")
        self.path = path
        self.byteCountMax = byteCountMax
        self.fileCountMax = fileCountMax
    }

    /// Opens the file for append, made with mode 0600, after rotating a full one. The caller closes the descriptor.
    package func openForAppend() throws(SupervisionError) -> Int32 {
        try rotateIfFull()
        let descriptor = cplatform_open(path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        guard descriptor >= 0 else { throw SupervisionError(.logFailed, "open \(path)", errno: errno) }
        return descriptor
    }

    /// Renames a full file out of the way; returns whether it was full. Who has it open goes on writing to it.
    @discardableResult package func rotateIfFull() throws(SupervisionError) -> Bool {
        var status = stat()
        guard stat(path, &status) == 0 else {
            guard errno == ENOENT else { throw SupervisionError(.logFailed, "look at \(path)", errno: errno) }
            return false
        }
        guard Int(status.st_size) >= byteCountMax else { return false }
        // From the oldest on, so that an interruption at any point loses nothing but the oldest.
        for number in stride(from: fileCountMax - 1, through: 1, by: -1) {
            let source = rotatedPath(number - 1)
            guard rename(source, rotatedPath(number)) == 0 || errno == ENOENT else {
                throw SupervisionError(.logFailed, "rename \(source) to \(rotatedPath(number))", errno: errno)
            }
        }
        if fileCountMax == 1, unlink(path) != 0, errno != ENOENT {
            throw SupervisionError(.logFailed, "delete \(path)", errno: errno)
        }
        return true
    }

    /// Cuts the newest rotated file down to its last `byteCountMax` bytes when it has more than twice as many.
    package func trimNewestRotated() throws(SupervisionError) {
        let path = rotatedPath(1)
        let descriptor = cplatform_open(path, O_RDONLY, 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let end = Int(lseek(descriptor, 0, SEEK_END))
        guard end > 2 * byteCountMax else { return }
        let content = try read(descriptor, from: end - byteCountMax, byteCount: byteCountMax, path)
        let temporary = path + ".new"
        let output = cplatform_open(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        guard output >= 0 else { throw SupervisionError(.logFailed, "make \(temporary)", errno: errno) }
        let written = content.withUnsafeBytes { cplatform_write_all(output, $0.baseAddress, $0.count) }
        let number = errno
        close(output)
        guard written == 0, rename(temporary, path) == 0 else {
            unlink(temporary)
            throw SupervisionError(.logFailed, "write \(temporary)", errno: written == 0 ? errno : number)
        }
    }

    /// The last lines, oldest first, without their line ends; reaches into older files when the current one is short.
    ///
    /// Reads from the end, `Limits.logTailBytesMax` bytes at most. Invalid UTF-8 is replaced. Absent files are empty.
    package func tail(lines lineCountMax: Int) throws(SupervisionError) -> [String] {
        guard lineCountMax > 0 else { return [] }
        var content: [UInt8] = []
        for number in 0..<fileCountMax {
            let byteCountMax = Limits.logTailBytesMax - content.count
            guard byteCountMax > 0, lineCount(content) < lineCountMax else { break }
            let older = try readTail(
                rotatedPath(number), lines: lineCountMax - lineCount(content), byteCountMax)
            guard let older else {
                if number == 0 { continue }
                break
            }
            let needsLineEnd = !older.isEmpty && older.last != newline && !content.isEmpty
            content = older + (needsLineEnd ? [newline] : []) + content
        }
        if content.last == newline { content.removeLast() }
        guard !content.isEmpty else { return [] }
        return content.split(separator: newline, omittingEmptySubsequences: false).suffix(lineCountMax)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    private func rotatedPath(_ number: Int) -> String { number == 0 ? path : "\(path).\(number)" }

    /// Lines, counting an unfinished last one.
    private func lineCount(_ content: [UInt8]) -> Int {
        let ends = content.reduce(into: 0) { count, byte in if byte == newline { count += 1 } }
        return content.isEmpty || content.last == newline ? ends : ends + 1
    }

    /// The end of one file with at least so many lines, unless it has fewer; `nil` when there is no such file.
    private func readTail(_ path: String, lines: Int, _ byteCountMax: Int) throws(SupervisionError)
        -> [UInt8]?
    {
        let descriptor = cplatform_open(path, O_RDONLY, 0)
        guard descriptor >= 0 else {
            guard errno == ENOENT else { throw SupervisionError(.logFailed, "open \(path)", errno: errno) }
            return nil
        }
        defer { close(descriptor) }
        let end = Int(lseek(descriptor, 0, SEEK_END))
        var blockByteCount = min(16 * 1024, byteCountMax)
        while true {
            let start = max(0, end - blockByteCount)
            let content = try read(descriptor, from: start, byteCount: end - start, path)
            // One line more than asked for, since the first one may be cut.
            if start == 0 || blockByteCount == byteCountMax { return content }
            if lineCount(content) > lines { return content }
            blockByteCount = min(blockByteCount * 4, byteCountMax)
        }
    }

    private func read(
        _ descriptor: Int32, from start: Int, byteCount: Int, _ path: String
    ) throws(SupervisionError) -> [UInt8] {
        var failure: Int32 = 0
        let content = [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, readCount in
            while readCount < byteCount {
                let address = buffer.baseAddress.map { $0 + readCount }
                let result = pread(descriptor, address, byteCount - readCount, off_t(start + readCount))
                if result < 0, errno == EINTR { continue }
                if result < 0 { failure = errno }
                if result <= 0 { break }
                readCount += result
            }
        }
        guard failure == 0 else { throw SupervisionError(.logFailed, "read \(path)", errno: failure) }
        return content
    }
}

private let newline = UInt8(ascii: "\n")

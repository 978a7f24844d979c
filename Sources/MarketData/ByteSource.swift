#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The bytes of one file, or of standard input for the path `-`, in order; decompressed when they begin like gzip
/// or zstd, whatever the file's name.
///
/// Decompression is done by the programs `gzip` and `zstd`, in a process of their own: the rows are read while
/// the next bytes are unpacked on another core, and no build of ours has to find a library. Not thread-safe.
final class ByteSource {
    let path: String
    /// Bytes of the file on disk; 0 for standard input.
    let byteCount: Int
    private let descriptor: Int32
    private var unpacker: (pid: pid_t, output: Int32, messages: Int32, name: String)?

    init(path: String) throws(MarketDataError) {
        self.path = path == "-" ? "standard input" : path
        guard path != "-" else {
            descriptor = 0
            byteCount = 0
            return
        }
        let opened = try Syscall.openForReading(path)
        do throws(MarketDataError) {
            let status = try Syscall.status(of: opened, path: path)
            guard status.isRegularFile else {
                let kind = status.isDirectory ? "a directory" : "not a regular file"
                throw MarketDataError(.notAFile, "\(path) is \(kind); name a file")
            }
            byteCount = status.byteCount
        } catch {
            Syscall.close(opened)
            throw error
        }
        descriptor = opened
        let start = try Syscall.beginning(of: descriptor, byteCount: 4, path: path)
        if start.starts(with: [0x1F, 0x8B]) {
            unpacker = try Syscall.startUnpacker("gzip", input: descriptor, path: path)
        } else if start == [0x28, 0xB5, 0x2F, 0xFD] {
            unpacker = try Syscall.startUnpacker("zstd", input: descriptor, path: path)
        }
    }

    deinit {
        if let unpacker {
            Syscall.close(unpacker.output)
            Syscall.close(unpacker.messages)
            // It ends at its next write, into a pipe nobody reads.
            _ = Syscall.wait(for: unpacker.pid)
        }
        if descriptor > 0 { Syscall.close(descriptor) }
    }

    /// Bytes of the file read so far, by us or by the program that unpacks it.
    var position: Int { descriptor > 0 ? max(0, Int(lseek(descriptor, 0, SEEK_CUR))) : 0 }

    /// Reads at least one byte; 0 at the end. Throws `damaged` when the file cannot be unpacked to its end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(MarketDataError) -> Int {
        let source = unpacker?.output ?? descriptor
        let count = try Syscall.read(into: buffer, from: source, path: path)
        if count == 0 { try finish() }
        return count
    }

    private func finish() throws(MarketDataError) {
        guard let unpacker else { return }
        self.unpacker = nil
        let message = Syscall.text(from: unpacker.messages)
        Syscall.close(unpacker.output)
        Syscall.close(unpacker.messages)
        let status = Syscall.wait(for: unpacker.pid)
        guard status != 0 else { return }
        let reason = message.isEmpty ? "ended with status \(status)" : "says: \(message)"
        throw MarketDataError(
            .damaged, "\(path) cannot be unpacked to its end, \(unpacker.name) \(reason); copy it again")
    }
}

import CPlatform

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The bytes of one file, of a file in a zip archive, or of standard input for the path `-`, in order; decompressed
/// when they begin like gzip or zstd, whatever the file's name.
///
/// Decompression is done by the programs `gzip` and `zstd`, in a process of their own: the rows are read while
/// the next bytes are unpacked on another core, and no build of ours has to find a library. Not thread-safe.
final class ByteSource {
    /// What one import reads as one file.
    struct Origin: Sendable {
        /// The file, or `-`.
        let path: String
        /// The part of a zip archive that is meant.
        var member: ZipArchive.Member?
        /// The name to tell a person.
        var name: String {
            let file = path == "-" ? "standard input" : path
            return member.map { "\(file): \(CSVText.shown($0.name))" } ?? file
        }
    }

    /// The name to tell a person.
    let path: String
    /// Bytes of the file on disk; 0 for standard input.
    let byteCount: Int
    private let descriptor: Int32
    private var unpacker: (pid: pid_t, output: Int32, messages: Int32, name: String)?
    private var pump: ZipMemberPump?
    /// Where a member of an archive ends, once all of it was handed on.
    private var memberEnd: Int?

    convenience init(path: String) throws(MarketDataError) { try self.init(Origin(path: path)) }

    init(_ origin: Origin) throws(MarketDataError) {
        path = origin.name
        guard origin.path != "-" else {
            descriptor = 0
            byteCount = 0
            return
        }
        (descriptor, byteCount) = try Self.open(origin.path)
        if let member = origin.member {
            try unpack(member)
            return
        }
        let start = try Syscall.beginning(of: descriptor, byteCount: 4, path: path)
        if start.starts(with: [0x1F, 0x8B]) {
            unpacker = try Syscall.startUnpacker("gzip", input: descriptor, path: path)
        } else if start == [0x28, 0xB5, 0x2F, 0xFD] {
            unpacker = try Syscall.startUnpacker("zstd", input: descriptor, path: path)
        }
    }

    deinit {
        pump = nil
        if let unpacker {
            Syscall.close(unpacker.output)
            Syscall.close(unpacker.messages)
            // It ends at its next write, into a pipe nobody reads.
            _ = Syscall.wait(for: unpacker.pid)
        }
        if descriptor > 0 { Syscall.close(descriptor) }
    }

    /// What a path stands for: itself, or the files in it when it is a zip archive.
    static func origins(of path: String) throws(MarketDataError) -> [Origin] {
        guard path != "-" else { return [Origin(path: path)] }
        let (descriptor, byteCount) = try open(path)
        defer { Syscall.close(descriptor) }
        guard ZipArchive.begins(try Syscall.beginning(of: descriptor, byteCount: 4, path: path)) else {
            return [Origin(path: path)]
        }
        return try ZipArchive.members(of: descriptor, byteCount: byteCount, path: path).map {
            Origin(path: path, member: $0)
        }
    }

    /// Bytes of the file read so far, by us or by the program that unpacks it.
    var position: Int {
        pump?.position ?? memberEnd ?? (descriptor > 0 ? max(0, Int(lseek(descriptor, 0, SEEK_CUR))) : 0)
    }

    /// Reads at least one byte; 0 at the end. Throws `damaged` when the file cannot be unpacked to its end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(MarketDataError) -> Int {
        let source = unpacker?.output ?? descriptor
        if let pump, try !pump.pump(until: source) {
            memberEnd = pump.position
            self.pump = nil
        }
        let count = try Syscall.read(into: buffer, from: source, path: path)
        if count == 0 { try finish() }
        return count
    }

    /// Reads on, to the end or `Limits.unpackedCheckBytes`, and throws what is wrong there, if it is a compressed file:
    /// damage shows first as rows that make no sense.
    func checkRest() throws(MarketDataError) {
        guard unpacker != nil else { return }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Limits.csvBlockBytes, alignment: 16)
        defer { buffer.deallocate() }
        var left = Limits.unpackedCheckBytes
        while left > 0 {
            let count = try read(into: buffer)
            guard count > 0 else { return }
            left -= count
        }
    }

    private static func open(_ path: String) throws(MarketDataError) -> (descriptor: Int32, byteCount: Int) {
        guard !path.isEmpty else { throw MarketDataError(.badOptions, "an input file has no name") }
        let opened = try Syscall.openForReading(path)
        do throws(MarketDataError) {
            let status = try Syscall.status(of: opened, path: path)
            guard status.isRegularFile else {
                let kind = status.isDirectory ? "a directory" : "not a regular file"
                throw MarketDataError(.notAFile, "\(path) is \(kind); name a file")
            }
            return (opened, status.byteCount)
        } catch {
            Syscall.close(opened)
            throw error
        }
    }

    private func unpack(_ member: ZipArchive.Member) throws(MarketDataError) {
        let range = try ZipArchive.range(of: member, in: descriptor, byteCount: byteCount, path: path)
        let (ours, gzips) = try Syscall.makeSocketPair(for: path)
        defer { Syscall.close(gzips) }
        pump = ZipMemberPump(member: member, range: range, archive: descriptor, path: path, socket: ours)
        unpacker = try Syscall.startUnpacker("gzip", input: gzips, path: path)
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

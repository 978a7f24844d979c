/// A regular file mapped into memory read-only for as long as the object lives.
///
/// The length is the one at opening. A file that is shortened while it is mapped ends the process with SIGBUS
/// when the missing part is read: tick files are replaced by rename, never shortened, while readers may have
/// them open.
final class MappedFile {
    let path: String
    let bytes: UnsafeRawBufferPointer

    /// Maps a file; directories, pipes and missing files are errors.
    init(path: String) throws(MarketDataError) {
        let descriptor = try Syscall.openForReading(path)
        defer { Syscall.close(descriptor) }
        let status = try Syscall.status(of: descriptor, path: path)
        guard status.isRegularFile else {
            let kind = status.isDirectory ? "a directory" : "not a regular file"
            throw MarketDataError(.notAFile, "\(path) is \(kind); name a file")
        }
        let address = try Syscall.map(descriptor, byteCount: status.byteCount, path: path)
        self.path = path
        bytes = UnsafeRawBufferPointer(start: address, count: status.byteCount)
    }

    deinit {
        if let address = bytes.baseAddress { Syscall.unmap(address, byteCount: bytes.count) }
    }

    /// Gives the pages of a range back to the system; they are read again when touched again.
    ///
    /// - Parameter range: must start and end at multiples of 64 KiB, which every page size divides.
    func release(_ range: Range<Int>) {
        guard let address = bytes.baseAddress, !range.isEmpty else { return }
        Syscall.release(address + range.lowerBound, byteCount: range.count)
    }
}

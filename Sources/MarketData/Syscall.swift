#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The system calls of this module: retried on EINTR, failures turned into `MarketDataError`.
enum Syscall {
    /// What fstat(2) says of an open file.
    struct FileStatus {
        let byteCount: Int
        let isRegularFile: Bool
        let isDirectory: Bool
    }

    /// open(2) read-only, close-on-exec; a pipe is opened at once too, to be refused by its type.
    static func openForReading(_ path: String) throws(MarketDataError) -> Int32 {
        try open(path, flags: O_RDONLY | O_NONBLOCK)
    }

    /// open(2) for reading and writing, close-on-exec, created with mode 0600 when `isCreating`.
    static func openForWriting(_ path: String, isCreating: Bool) throws(MarketDataError) -> Int32 {
        try open(path, flags: O_RDWR | (isCreating ? O_CREAT : 0))
    }

    private static func open(_ path: String, flags: Int32) throws(MarketDataError) -> Int32 {
        while true {
            #if canImport(Darwin)
                let descriptor = Darwin.open(path, flags | O_CLOEXEC, 0o600)
            #elseif canImport(Musl)
                let descriptor = Musl.open(path, flags | O_CLOEXEC, 0o600)
            #else
                let descriptor = Glibc.open(path, flags | O_CLOEXEC, 0o600)
            #endif
            if descriptor >= 0 { return descriptor }
            let number = errno
            switch number {
            case EINTR: continue
            case ENOENT where flags & O_CREAT == 0:
                throw MarketDataError(.fileNotFound, "\(path) does not exist; check the path")
            case EISDIR:
                throw MarketDataError(.notAFile, "\(path) is a directory, not a file; name a file in it")
            default:
                throw MarketDataError(.system, "cannot open \(path)", errorNumber: number)
            }
        }
    }

    /// close(2); the result is of no use to anyone once data are synced.
    static func close(_ descriptor: Int32) {
        #if canImport(Darwin)
            _ = Darwin.close(descriptor)
        #elseif canImport(Musl)
            _ = Musl.close(descriptor)
        #else
            _ = Glibc.close(descriptor)
        #endif
    }

    /// fstat(2).
    static func status(of descriptor: Int32, path: String) throws(MarketDataError) -> FileStatus {
        var status = stat()
        try check(fstat(descriptor, &status), "cannot examine \(path)")
        let type = status.st_mode & S_IFMT
        return FileStatus(
            byteCount: Int(status.st_size), isRegularFile: type == S_IFREG, isDirectory: type == S_IFDIR)
    }

    /// access(2): whether something of that name exists.
    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// flock(2), exclusive and without waiting; `false` when another open file holds it.
    static func lockExclusively(_ descriptor: Int32, path: String) throws(MarketDataError) -> Bool {
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let number = errno
            if number == EWOULDBLOCK { return false }
            if number != EINTR { throw MarketDataError(.system, "cannot lock \(path)", errorNumber: number) }
        }
        return true
    }

    /// pwrite(2) until every byte is written.
    static func write(
        _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, at offset: Int, path: String
    ) throws(MarketDataError) {
        var done = 0
        while done < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
            let count = pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
            if count > 0 {
                done += count
            } else if count == 0 || errno != EINTR {
                throw MarketDataError(
                    .system, "cannot write \(path)", errorNumber: count == 0 ? ENOSPC : errno)
            }
        }
    }

    /// pwritev(2) of two buffers that follow each other.
    static func write(
        _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer, to descriptor: Int32,
        at offset: Int,
        path: String
    ) throws(MarketDataError) {
        let total = first.count + second.count
        let count = withUnsafeTemporaryAllocation(of: iovec.self, capacity: 2) { parts in
            parts[0] = iovec(
                iov_base: UnsafeMutableRawPointer(mutating: first.baseAddress), iov_len: first.count)
            parts[1] = iovec(
                iov_base: UnsafeMutableRawPointer(mutating: second.baseAddress), iov_len: second.count)
            return pwritev(descriptor, parts.baseAddress, 2, off_t(offset))
        }
        guard count < total else { return }
        // A full disk, a signal: piece by piece, until it works or says why not.
        let done = max(0, count)
        if done < first.count {
            try write(
                UnsafeRawBufferPointer(rebasing: first[done...]), to: descriptor, at: offset + done,
                path: path)
        }
        let rest = max(0, done - first.count)
        try write(
            UnsafeRawBufferPointer(rebasing: second[rest...]), to: descriptor,
            at: offset + first.count + rest,
            path: path)
    }

    /// pread(2) until the buffer is full; a file that ends earlier is an error.
    static func read(
        into buffer: UnsafeMutableRawBufferPointer, from descriptor: Int32, at offset: Int, path: String
    ) throws(MarketDataError) {
        var done = 0
        while done < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
            let count = pread(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
            if count > 0 {
                done += count
            } else if count == 0 {
                throw MarketDataError(.truncated, "\(path) ends at byte \(offset + done) while being read")
            } else if errno != EINTR {
                throw MarketDataError(.system, "cannot read \(path)", errorNumber: errno)
            }
        }
    }

    /// ftruncate(2).
    static func truncate(_ descriptor: Int32, to byteCount: Int, path: String) throws(MarketDataError) {
        try check(ftruncate(descriptor, off_t(byteCount)), "cannot set the length of \(path)")
    }

    /// fsync(2).
    static func sync(_ descriptor: Int32, path: String) throws(MarketDataError) {
        try check(fsync(descriptor), "cannot sync \(path) to disk")
    }

    /// rename(2), then fsync(2) of the directory so that the name survives a power cut.
    static func rename(_ path: String, to newPath: String) throws(MarketDataError) {
        #if canImport(Darwin)
            try check(Darwin.rename(path, newPath), "cannot rename \(path) to \(newPath)")
        #elseif canImport(Musl)
            try check(Musl.rename(path, newPath), "cannot rename \(path) to \(newPath)")
        #else
            try check(Glibc.rename(path, newPath), "cannot rename \(path) to \(newPath)")
        #endif
        let directory = directoryName(of: newPath)
        let descriptor = try open(directory, flags: O_RDONLY)
        defer { close(descriptor) }
        try sync(descriptor, path: directory)
    }

    /// mkdir(2) with mode 0700; a directory that exists is fine.
    static func makeDirectory(_ path: String) throws(MarketDataError) {
        if mkdir(path, 0o700) != 0, errno != EEXIST {
            throw MarketDataError(.system, "cannot make the directory \(path)", errorNumber: errno)
        }
    }

    /// statvfs(3): bytes that may still be written to the file system of a path; `nil` when it does not say.
    static func freeBytes(at path: String) -> Int? {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        return Int(clamping: UInt64(status.f_bavail) &* UInt64(status.f_frsize))
    }

    /// fcntl(2) F_DUPFD_CLOEXEC; `nil` when no descriptor is free.
    static func duplicate(_ descriptor: Int32) -> Int32? {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
        return copy >= 0 ? copy : nil
    }

    /// unlink(2); a file that is gone already is fine.
    static func remove(_ path: String) { _ = unlink(path) }

    /// mmap(2), read-only and private; `nil` for no bytes.
    static func map(
        _ descriptor: Int32, byteCount: Int, path: String
    ) throws(MarketDataError) -> UnsafeRawPointer? {
        guard byteCount > 0 else { return nil }
        let address = mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, descriptor, 0)
        guard let address, address != MAP_FAILED else {
            throw MarketDataError(.system, "cannot map \(path) into memory", errorNumber: errno)
        }
        _ = madvise(address, byteCount, MADV_SEQUENTIAL)
        return UnsafeRawPointer(address)
    }

    /// munmap(2).
    static func unmap(_ address: UnsafeRawPointer, byteCount: Int) {
        _ = munmap(UnsafeMutableRawPointer(mutating: address), byteCount)
    }

    /// madvise(2) MADV_DONTNEED: the pages leave this process; touching them again reads the file again.
    static func release(_ address: UnsafeRawPointer, byteCount: Int) {
        _ = madvise(UnsafeMutableRawPointer(mutating: address), byteCount, MADV_DONTNEED)
    }

    /// The directory part of a path, `.` when it has none.
    static func directoryName(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: 0x2F) else { return "." }
        let directory = String(path[..<slash])
        return directory.isEmpty ? "/" : directory
    }

    private static func check(_ result: Int32, _ failure: String) throws(MarketDataError) {
        if result != 0 { throw MarketDataError(.system, failure, errorNumber: errno) }
    }
}

import CPlatform

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// Which file a path leads to.
struct FileIdentity: Hashable, Sendable {
    let device: UInt64
    let inode: UInt64
}

/// Thin wrappers of the system calls this module uses; each throws with the errno and the path it was about.
enum SystemCall {
    /// strerror(3).
    static func message(_ errno: Int32) -> String { String(cString: strerror(errno)) }

    /// What stat(2) says about a path.
    struct FileStatus {
        let isDirectory: Bool
        let ownerID: UInt32
        let permissions: UInt32
        let byteCount: Int64
        let identity: FileIdentity
    }

    /// stat(2); `nil` when nothing is there.
    static func status(_ path: String) throws(ControlError) -> FileStatus? {
        var buffer = stat()
        guard stat(path, &buffer) == 0 else {
            let code = errno
            if code == ENOENT || code == ENOTDIR { return nil }
            throw ControlError(.system, "\(path) cannot be examined", errno: code)
        }
        return FileStatus(
            isDirectory: UInt32(buffer.st_mode) & UInt32(S_IFMT) == UInt32(S_IFDIR), ownerID: buffer.st_uid,
            permissions: UInt32(buffer.st_mode) & 0o7777, byteCount: Int64(buffer.st_size),
            identity: FileIdentity(device: UInt64(buffer.st_dev), inode: UInt64(buffer.st_ino)))
    }

    /// The text of a file of /proc or the like, at most 4 MiB; `nil` when it cannot be read.
    static func smallFile(_ path: String) -> String? {
        let descriptor = cplatform_open(path, O_RDONLY, 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while bytes.count < 4 << 20 {
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            bytes.append(contentsOf: chunk[..<count])
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// mkdir(2); an existing directory is fine.
    static func makeDirectory(_ path: String) throws(ControlError) {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw ControlError(.home, "the directory \(path) cannot be made", errno: errno)
        }
    }

    /// open(2), close-on-exec, creating with mode 0600 where the flags say so.
    static func openFile(_ path: String, flags: Int32) throws(ControlError) -> Int32 {
        let descriptor = cplatform_open(path, flags, 0o600)
        guard descriptor >= 0 else { throw ControlError(.system, "\(path) cannot be opened", errno: errno) }
        return descriptor
    }

    /// Makes an empty file of mode 0600; throws when something is there.
    static func makeEmptyFile(_ path: String) throws(ControlError) {
        close(try openFile(path, flags: O_RDWR | O_CREAT | O_EXCL))
    }

    /// fsync(2) of a file or directory by path.
    static func synchronize(_ path: String) throws(ControlError) {
        let descriptor = try openFile(path, flags: O_RDONLY)
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else {
            throw ControlError(.storage, "\(path) cannot be written to disk", errno: errno)
        }
    }

    /// rename(2).
    static func rename(_ source: String, to target: String) throws(ControlError) {
        guard renameFile(source, target) == 0 else {
            throw ControlError(.storage, "\(source) cannot be renamed to \(target)", errno: errno)
        }
    }

    /// realpath(3); `nil` when it does not exist.
    static func canonicalPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}

/// rename(2), reachable from inside the method of the same name.
private func renameFile(_ source: String, _ target: String) -> Int32 { rename(source, target) }

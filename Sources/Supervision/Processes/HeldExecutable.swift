import CPlatform
import Crypto
import Foundation
import Synchronization

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Which file a path led to, and in which state it was: another content shows as another identity.
package struct FileIdentity: Hashable, Sendable {
    private let device: UInt64
    private let inode: UInt64
    private let byteCount: Int64
    private let modifiedNanoseconds: Int64

    /// stat(2); `nil` when there is no such file.
    package init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    /// fstat(2); `nil` when the descriptor is not open.
    init?(descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        self.init(status)
    }

    private init(_ status: stat) {
        device = UInt64(truncatingIfNeeded: status.st_dev)
        inode = UInt64(truncatingIfNeeded: status.st_ino)
        byteCount = Int64(status.st_size)
        #if canImport(Darwin)
            let time = status.st_mtimespec
        #else
            let time = status.st_mtim
        #endif
        modifiedNanoseconds = Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

/// An executable that is held open, so that its content stays within reach after another file has taken its place.
package final class HeldExecutable: Sendable {
    /// The file.
    package let identity: FileIdentity
    /// The path it was started from.
    package let path: String
    private let descriptor: Int32
    private let digest = Mutex<String?>(nil)

    /// Opens the file that a process runs (/proc/<pid>/exe, which no replacement can change), or the one at the path.
    package init?(runningAs pid: Int32, path: String) {
        var opened: Int32 = -1
        #if os(Linux)
            opened = cplatform_open("/proc/\(pid)/exe", O_RDONLY, 0)
        #endif
        if opened < 0 { opened = cplatform_open(path, O_RDONLY, 0) }
        guard opened >= 0, let identity = FileIdentity(descriptor: opened) else { return nil }
        descriptor = opened
        self.identity = identity
        self.path = path
    }

    /// Opens a file; `nil` when that is not possible.
    package init?(path: String) {
        let opened = cplatform_open(path, O_RDONLY, 0)
        guard opened >= 0, let identity = FileIdentity(descriptor: opened) else { return nil }
        descriptor = opened
        self.identity = identity
        self.path = path
    }

    deinit { close(descriptor) }

    /// SHA-256 in hexadecimal, when it has been computed.
    package var knownSHA256: String? { digest.withLock { $0 } }

    /// SHA-256 in hexadecimal, computed the first time: about a tenth of a second for a hundred megabytes.
    package func sha256() throws(SupervisionError) -> String {
        if let known = knownSHA256 { return known }
        var hash = SHA256()
        try forEachPiece { piece in
            hash.update(bufferPointer: piece)
            return true
        }
        let text = hash.finalize().map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
        digest.withLock { $0 = text }
        return text
    }

    /// Copies the content to `<directory>/<sha256>/<name>`, unless that is there, and returns the path.
    ///
    /// Throws when the content is not what it was when its hash was first computed: somebody wrote into the file.
    package func copy(to directory: String) throws(SupervisionError) -> String {
        let expected = try sha256()
        let folder = directory + "/" + expected
        let name = path.split(separator: "/").last.map(String.init) ?? "executable"
        let target = folder + "/" + name
        if access(target, X_OK) == 0 { return target }
        for path in [directory, folder] where mkdir(path, 0o700) != 0 && errno != EEXIST {
            throw SupervisionError(.spawnFailed, "make \(path)", errno: errno)
        }
        let temporary = target + ".new"
        let output = cplatform_open(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0o700)
        guard output >= 0 else { throw SupervisionError(.spawnFailed, "make \(temporary)", errno: errno) }
        var failure: Int32 = 0
        var hash = SHA256()
        defer { unlink(temporary) }
        do {
            defer { close(output) }
            try forEachPiece { piece in
                hash.update(bufferPointer: piece)
                failure = cplatform_write_all(output, piece.baseAddress, piece.count) == 0 ? 0 : errno
                return failure == 0
            }
        }
        guard failure == 0 else { throw SupervisionError(.spawnFailed, "write \(temporary)", errno: failure) }
        let written = hash.finalize().map { UInt8($0) }
        guard written.elementsEqual(Self.bytes(hexadecimal: expected)) else {
            throw SupervisionError(.spawnFailed, "keep \(path): its content was changed in place")
        }
        guard rename(temporary, target) == 0 else {
            throw SupervisionError(.spawnFailed, "rename \(temporary) to \(target)", errno: errno)
        }
        return target
    }

    private static func bytes(hexadecimal text: String) -> [UInt8] {
        let digits = Array(text.utf8).map { $0 >= 0x61 ? $0 - 0x57 : $0 - 0x30 }
        return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    /// Reads the file from its start in pieces, until `body` returns false.
    private func forEachPiece(_ body: (UnsafeRawBufferPointer) -> Bool) throws(SupervisionError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { buffer.deallocate() }
        var offset: Int64 = 0
        while true {
            let count = cplatform_read_at(descriptor, buffer.baseAddress, buffer.count, offset)
            guard count >= 0 else { throw SupervisionError(.spawnFailed, "read \(path)", errno: errno) }
            guard count > 0, body(UnsafeRawBufferPointer(rebasing: buffer[..<Int(count)])) else { return }
            offset += count
        }
    }
}

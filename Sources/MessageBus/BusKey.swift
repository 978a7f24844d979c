internal import CPlatform
internal import Crypto

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// The secret from which the broker and the manager derive what each peer has to show.
///
/// A token belongs to one role and one identity, so that a strategy's token admits that strategy and nobody
/// else: HMAC-SHA256 (RFC 2104) with this key over the role byte and the UTF-8 of the identity. Manager and
/// broker know the key; everybody else gets a token.
package struct BusKey: Equatable, Sendable {
    /// Bytes of a key.
    package static let byteCount = 32

    /// The secret itself.
    package let bytes: [UInt8]

    /// Takes a key as it is; `nil` unless it has `byteCount` bytes.
    package init?(bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        self.init(checked: bytes)
    }

    private init(checked bytes: [UInt8]) { self.bytes = bytes }

    /// Makes a new key from the system's random numbers.
    package init() {
        var random = SystemRandomNumberGenerator()
        bytes = (0..<Self.byteCount).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    }

    /// Reads a key from a file, or makes one there (mode 0600) when there is none.
    ///
    /// The caller makes sure that nobody else does the same at the same time. Throws `.badKeyFile` for a file
    /// that is no key, and for one that others may read.
    package init(fileAt path: String) throws(BusError) {
        let descriptor = cplatform_open(path, O_RDWR | O_CREAT, 0o600)
        guard descriptor >= 0 else {
            throw BusError(.badKeyFile, "cannot open the bus key \(path)", systemErrorNumber: errno)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw BusError(.badKeyFile, "cannot examine the bus key \(path)", systemErrorNumber: errno)
        }
        guard status.st_uid == geteuid(), status.st_mode & 0o077 == 0 else {
            throw BusError(.badKeyFile, "others may read the bus key \(path): chmod 600 \(path)")
        }
        var stored = [UInt8](repeating: 0, count: Self.byteCount + 1)
        let count = pread(descriptor, &stored, stored.count, 0)
        if count == 0 {
            self.init()
            guard cplatform_write_all(descriptor, bytes, bytes.count) == 0, fsync(descriptor) == 0 else {
                let number = errno
                unlink(path)
                throw BusError(.badKeyFile, "cannot write the bus key \(path)", systemErrorNumber: number)
            }
            return
        }
        guard count == Self.byteCount else {
            throw BusError(
                .badKeyFile,
                "\(path) is no bus key of \(Self.byteCount) bytes; stop everything of this home and remove it"
            )
        }
        self.init(checked: Array(stored.prefix(Self.byteCount)))
    }

    /// What a peer of this role and identity shows in its hello; 32 bytes.
    package func token(role: BusRole, identity: String) -> [UInt8] {
        Array(
            HMAC<SHA256>.authenticationCode(
                for: Self.message(role, identity), using: SymmetricKey(data: bytes)))
    }

    /// Whether a hello shows the token of its role and identity; takes the same time for every wrong token.
    package func admits(_ hello: Hello) -> Bool {
        HMAC<SHA256>.isValidAuthenticationCode(
            hello.token, authenticating: Self.message(hello.role, hello.identity),
            using: SymmetricKey(data: bytes))
    }

    private static func message(_ role: BusRole, _ identity: String) -> [UInt8] {
        [role.rawValue] + Array(identity.utf8)
    }
}

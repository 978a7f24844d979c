import CPlatform
package import ControlPlane
import Crypto

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The secret that opens the page and its API: 256 random bits as 64 hexadecimal digits, kept in the home.
///
/// Scripts show it as `Authorization: Bearer`; a browser shows it once and gets a cookie that is derived from it, so
/// that it stays valid over restarts and ends with the token. Both are compared in constant time.
package struct AccessToken: Sendable {
    /// Where a home keeps it.
    package static func path(_ home: HomeDirectory) -> String { home.path + "/web.token" }

    /// The token itself.
    package let text: String
    /// Whether it was made just now, and nobody has seen it.
    package let isNew: Bool
    private let cookie: String

    /// Reads the token of a home, or makes one (mode 0600) when there is none or a new one is asked for.
    ///
    /// - Throws: when others may read the file, or it is no token.
    package init(_ home: HomeDirectory, isRenewed: Bool = false) throws(WebError) {
        let path = Self.path(home)
        if isRenewed, unlink(path) != 0, errno != ENOENT {
            throw WebError("\(path) cannot be removed: \(Self.message())")
        }
        let descriptor = cplatform_open(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw WebError("cannot open \(path): \(Self.message())") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw WebError("cannot look at \(path): \(Self.message())")
        }
        guard status.st_uid == geteuid(), status.st_mode & 0o077 == 0 else {
            throw WebError(
                "others may read the token \(path): chmod 600 \(path), or renew it with --new-token")
        }
        var bytes = [UInt8](repeating: 0, count: 128)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else {
            text = Self.random()
            isNew = true
            cookie = Self.cookie(text)
            let line = Array((text + "\n").utf8)
            guard cplatform_write_all(descriptor, line, line.count) == 0, fsync(descriptor) == 0 else {
                let message = Self.message()
                unlink(path)
                throw WebError("cannot write \(path): \(message)", isConfiguration: false)
            }
            return
        }
        let stored = String(decoding: bytes.prefix(count), as: UTF8.self)
        let digits = stored.hasSuffix("\n") ? String(stored.dropLast()) : stored
        guard digits.utf8.count == 64, digits.utf8.allSatisfy(Self.isHexadecimal) else {
            throw WebError("\(path) holds no token of 64 hexadecimal digits: renew it with --new-token")
        }
        text = digits
        isNew = false
        cookie = Self.cookie(digits)
    }

    /// A token of tests.
    package init(text: String) {
        self.text = text
        isNew = false
        cookie = Self.cookie(text)
    }

    /// What a browser keeps.
    var cookieValue: String { cookie }

    /// Whether a text is the token; takes the same time for every wrong one.
    func admits(token: some StringProtocol) -> Bool { Self.isEqual(token, text) }

    /// Whether a text is the cookie's value; takes the same time for every wrong one.
    func admits(cookie value: some StringProtocol) -> Bool { Self.isEqual(value, cookie) }

    /// Compares digests, whose comparison looks at every byte whatever the texts are.
    private static func isEqual(_ left: some StringProtocol, _ right: String) -> Bool {
        let key = SymmetricKey(size: .bits256)
        let code = HMAC<SHA256>.authenticationCode(for: Array(right.utf8), using: key)
        return HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: Array(left.utf8), using: key)
    }

    private static func cookie(_ token: String) -> String {
        hexadecimal(
            HMAC<SHA256>.authenticationCode(
                for: Array("session".utf8), using: SymmetricKey(data: Array(token.utf8))))
    }

    private static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        return hexadecimal((0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    }

    private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
    }

    private static func message() -> String { String(cString: strerror(errno)) }
}

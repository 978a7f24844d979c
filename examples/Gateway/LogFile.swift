import CPlatform
import Foundation
import GatewayProtocol

/// The lines of a log file and what follows the last whole one.
struct LogContents {
    var lines: [LogLine] = []
    /// Bytes up to and including the last whole line.
    var byteCount = 0
    /// Bytes of a last line that a killed process did not finish; nobody was told of what it says.
    var tornByteCount = 0

    /// Reads a log; throws `log` for a file that cannot be read, and for a line that is none, with its number.
    init(path: String) throws(GatewayError) {
        let data: Data
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw GatewayError(.log, "cannot read the log \(path): \(error.localizedDescription)")
        }
        var start = data.startIndex
        while let end = data[start...].firstIndex(of: 0x0A) {
            do throws(GatewayError) {
                lines.append(try GatewayCodec.decode(LogLine.self, data[start..<end]))
            } catch {
                throw GatewayError(
                    .log,
                    "line \(lines.count + 1) of \(path) is damaged (\(error)): move the log away to start without it"
                )
            }
            start = end + 1
        }
        byteCount = start
        tornByteCount = data.endIndex - start
    }
}

/// Appends to the log; one process at a time.
final class LogWriter {
    private let path: String
    private let descriptor: Int32
    private let isSynced: Bool
    private var buffer: [UInt8] = []

    /// Opens or makes the file, takes its lock, reads it and cuts a torn tail off.
    ///
    /// `isSynced` has every commit wait for the disk, so that a loss of power loses nothing either.
    static func open(path: String, isSynced: Bool) throws(GatewayError) -> (LogWriter, LogContents) {
        let descriptor = cplatform_open(path, O_CREAT | O_RDWR | O_APPEND, 0o600)
        guard descriptor >= 0 else {
            throw GatewayError(.log, "cannot open the log \(path)", errno: errno)
        }
        guard cplatform_lock_exclusively(descriptor) == 0 else {
            let number = errno
            close(descriptor)
            throw GatewayError(
                .log,
                number == EWOULDBLOCK
                    ? "another order gateway writes to \(path); stop it or choose another log"
                    : "cannot lock the log \(path)", errno: number == EWOULDBLOCK ? nil : number)
        }
        let contents: LogContents
        do throws(GatewayError) {
            contents = try LogContents(path: path)
            if contents.tornByteCount > 0, ftruncate(descriptor, off_t(contents.byteCount)) != 0 {
                throw GatewayError(.log, "cannot cut the torn end off \(path)", errno: errno)
            }
        } catch {
            close(descriptor)
            throw error
        }
        return (LogWriter(path: path, descriptor: descriptor, isSynced: isSynced), contents)
    }

    private init(path: String, descriptor: Int32, isSynced: Bool) {
        self.path = path
        self.descriptor = descriptor
        self.isSynced = isSynced
    }

    /// Adds a line to what the next commit writes.
    func append(_ line: LogLine) {
        buffer += GatewayCodec.json(line)
        buffer.append(0x0A)
    }

    /// Writes what was added. After a failure the process must end without a word of it to anybody.
    func commit() throws(GatewayError) {
        guard !buffer.isEmpty else { return }
        let isWritten = buffer.withUnsafeBytes { bytes in
            cplatform_write_all(descriptor, bytes.baseAddress, bytes.count) == 0
        }
        guard isWritten else { throw GatewayError(.log, "cannot write the log \(path)", errno: errno) }
        buffer.removeAll(keepingCapacity: true)
        guard !isSynced || fsync(descriptor) == 0 else {
            throw GatewayError(.log, "cannot sync the log \(path)", errno: errno)
        }
    }
}

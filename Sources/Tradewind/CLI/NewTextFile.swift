import CPlatform
import Foundation

/// A text file that appears only when it is complete: written under `<path>.partial`, synced, renamed.
struct NewTextFile {
    let path: String

    /// Writes the file with `body`; gives its result. Nothing is left when it throws.
    func write(_ body: (LineOutput) throws -> Int) throws -> Int {
        guard !FileManager.default.fileExists(atPath: path) else {
            throw CommandLineError(
                ExitCodes.ioError, "\(path) exists already; remove it or choose another name")
        }
        let partial = path + ".partial"
        let descriptor = cplatform_open(partial, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        guard descriptor >= 0 else {
            throw CommandLineError(
                errno == EACCES ? ExitCodes.noPermission : ExitCodes.ioError,
                "cannot write \(partial): \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        do {
            let result = try body(LineOutput(descriptor: descriptor, name: partial))
            guard fsync(descriptor) == 0, rename(partial, path) == 0 else {
                throw CommandLineError(
                    ExitCodes.ioError, "cannot finish \(path): \(String(cString: strerror(errno)))")
            }
            return result
        } catch {
            unlink(partial)
            throw error
        }
    }
}

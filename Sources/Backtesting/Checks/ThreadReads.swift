#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What this thread has read from files so far, as the kernel counts it: mapped files, like the data of a backtest, do
/// not count.
enum ThreadReads {
    /// Bytes of read(2) and its like, from /proc/thread-self/io; `nil` where there is no such file.
    static var byteCount: Int? {
        guard let data = FileManager.default.contents(atPath: "/proc/thread-self/io") else { return nil }
        let text = String(decoding: data, as: UTF8.self)
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("rchar:") }) else {
            return nil
        }
        return Int(line.dropFirst(6).filter(\.isNumber))
    }
}

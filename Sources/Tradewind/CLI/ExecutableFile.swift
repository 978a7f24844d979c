import Foundation

/// The program that runs.
enum ExecutableFile {
    /// The file this process was started from, so that its children are the same program.
    static var path: String {
        #if os(Linux)
            if let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") {
                return path
            }
        #endif
        return Bundle.main.executablePath ?? CommandLine.arguments[0]
    }
}

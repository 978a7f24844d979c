import CPlatform
import Foundation

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A worker process and the two pipes to it. Used by one thread, but for `kill`.
final class SweepProcess {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private var buffered: [UInt8] = []

    init(job: SweepJob) throws {
        process.executableURL = URL(fileURLWithPath: ExecutableFile.path)
        process.arguments = [SweepWorker.verb]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        try send(job)
    }

    var pid: Int32 { process.processIdentifier }

    /// Sends a line; throws when the process has gone.
    func send(_ value: some Encodable) throws {
        let bytes = Array(try JSONEncoder().encode(value)) + [UInt8(ascii: "\n")]
        let descriptor = input.fileHandleForWriting.fileDescriptor
        guard bytes.withUnsafeBytes({ cplatform_write_all(descriptor, $0.baseAddress, $0.count) }) == 0 else {
            throw CommandLineError(ExitCodes.failed, "the worker has gone")
        }
    }

    /// Waits for a line; `nil` when the process ended before it wrote one.
    func answer() -> SweepAnswer? {
        while true {
            if let index = buffered.firstIndex(of: UInt8(ascii: "\n")) {
                let line = Data(buffered[..<index])
                buffered.removeFirst(index + 1)
                return try? JSONDecoder().decode(SweepAnswer.self, from: line)
            }
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { return nil }
            buffered += more
        }
    }

    /// Waits for the end and says how it was.
    func ending() -> String {
        process.waitUntilExit()
        return process.terminationReason == .uncaughtSignal
            ? "its process was ended by signal \(process.terminationStatus)"
            : "its process ended with exit code \(process.terminationStatus)"
    }

    /// Lets the process end once it has nothing to do.
    func close() {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}

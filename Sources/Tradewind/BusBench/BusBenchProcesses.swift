import ArgumentParser
import Foundation

/// The processes of one measurement, all ended with it, however it ends.
final class BusBenchProcesses {
    private let deadline: Date
    private var running: [BusBenchProcess] = []

    init(deadline: Date) { self.deadline = deadline }

    /// Starts this executable with arguments.
    func start(_ arguments: [String]) throws -> BusBenchProcess {
        let process = try BusBenchProcess(arguments, deadline: deadline)
        running.append(process)
        return process
    }

    /// Waits until a file is there.
    func waitForFile(_ path: String) throws {
        while !FileManager.default.fileExists(atPath: path) {
            guard Date() < deadline, running.allSatisfy(\.isRunning) else {
                throw CommandLineError(ExitCodes.failed, "the broker did not listen on \(path)")
            }
            Thread.sleep(forTimeInterval: 0.002)
        }
    }

    /// Ends what still runs and waits for it.
    func end() {
        for process in running { process.end() }
    }
}

/// One process whose standard output is read line by line.
final class BusBenchProcess {
    private let process = Process()
    private let output = Pipe()
    private let deadline: Date
    private var buffered: [UInt8] = []

    init(_ arguments: [String], deadline: Date) throws {
        self.deadline = deadline
        process.executableURL = URL(fileURLWithPath: ExecutableFile.path)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let pid = process.processIdentifier
        let running = process
        // A reader that waits for a line is woken by the end of its process.
        let seconds = max(0, deadline.timeIntervalSinceNow)
        DispatchQueue.global().asyncAfter(deadline: .now() + seconds) {
            if running.isRunning { kill(pid, SIGKILL) }
        }
    }

    var pid: Int32 { process.processIdentifier }
    var isRunning: Bool { process.isRunning }

    /// The next line; `nil` at the end of the output.
    func nextLine() throws -> String? {
        while true {
            if let index = buffered.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: buffered[..<index], as: UTF8.self)
                buffered.removeFirst(index + 1)
                return line
            }
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { return nil }
            buffered += more
        }
    }

    /// Reads the document that the process prints before it ends.
    func document<Value: Decodable>() throws -> Value {
        guard let line = try nextLine() else { throw failure() }
        return try JSONDecoder().decode(Value.self, from: Data(line.utf8))
    }

    /// Why nothing came of it.
    func failure() -> CommandLineError {
        let words = (process.arguments ?? []).prefix(2).joined(separator: " ")
        return CommandLineError(
            ExitCodes.failed,
            Date() < deadline ? "the process '\(words)' ended early" : "the process '\(words)' took too long")
    }

    func end() {
        if process.isRunning { process.terminate() }
        process.waitUntilExit()
    }
}

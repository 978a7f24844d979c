import ArgumentParser
import ControlPlane
import Foundation
import Supervision

/// `tradewind logs NAME`
struct LogsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Print the log of a strategy, of 'bus', or of 'feed-NAME'.")

    @OptionGroup var home: HomeOptions
    @Argument(help: "A strategy's name or id, bus, or feed-NAME.") var name: String
    @Flag(name: .shortAndLong, help: "Go on printing what is added, until Ctrl-C.") var follow = false
    @Option(name: .shortAndLong, help: "How many of the last lines.") var number = 20

    func run() throws {
        try reporting {
            let directory = try home.directory()
            try directory.checkInitialized()
            var path = directory.logPath(name)
            if !FileManager.default.fileExists(atPath: path),
                let row = try home.open(.reader).strategy(name)
            {
                path = directory.logPath(row.name)
            }
            guard FileManager.default.fileExists(atPath: path) else {
                let names =
                    (try? FileManager.default.contentsOfDirectory(atPath: directory.logsDirectory)) ?? []
                let known = names.filter { $0.hasSuffix(".log") }.map { String($0.dropLast(4)) }.sorted()
                throw CommandLineError(
                    ExitCodes.noInput,
                    "no log of '\(name)'; "
                        + (known.isEmpty
                            ? "nothing has run yet" : "there are: \(known.joined(separator: ", "))"))
            }
            for line in try LogFile(path: path).tail(lines: max(0, number)) { print(line) }
            if follow { try followFile(path) }
        }
    }

    /// Prints what is appended; starts over when the file is replaced by a new one. Ends with the process.
    private func followFile(_ path: String) throws {
        var handle = FileHandle(forReadingAtPath: path)
        try handle?.seekToEnd()
        var number = fileNumber(path)
        while true {
            if let data = try handle?.readToEnd(), !data.isEmpty {
                FileHandle.standardOutput.write(data)
            }
            let current = fileNumber(path)
            if current != number {
                number = current
                handle = FileHandle(forReadingAtPath: path)
            }
            Thread.sleep(forTimeInterval: 0.1)
        }
    }

    private func fileNumber(_ path: String) -> Int? {
        (try? FileManager.default.attributesOfItem(atPath: path))?[.systemFileNumber] as? Int
    }
}

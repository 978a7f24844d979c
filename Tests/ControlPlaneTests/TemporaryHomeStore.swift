import ControlPlane
import Foundation

/// A temporary home with the manager's connection to it.
struct TemporaryHomeStore {
    let home: TemporaryHome
    let store: ControlStore

    init() throws {
        home = try TemporaryHome()
        store = try home.open(.manager)
    }
}

/// A sqlite3 shell that stays open and is given one line at a time: another process with its own connection.
final class InteractiveShell {
    private let process: Process
    private let input = Pipe()
    private let output = Pipe()

    init(_ path: String) throws {
        process = SQLiteShell.process([path])
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.standardError
        try process.run()
        try ask("PRAGMA busy_timeout = 10000;")
    }

    /// Its process.
    var processID: Int32 { process.processIdentifier }

    deinit {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    /// Sends statements without waiting.
    func send(_ sql: String) throws {
        try input.fileHandleForWriting.write(contentsOf: Data((sql + "\n").utf8))
    }

    /// Sends statements and waits until they were executed; returns what they printed.
    @discardableResult
    func ask(_ sql: String) throws -> String {
        try send(sql + "\nSELECT 'done';")
        var text = ""
        while !text.hasSuffix("done\n") {
            let data = output.fileHandleForReading.availableData
            guard !data.isEmpty else { throw ControlError(.system, "the shell ended: \(text)") }
            text += String(decoding: data, as: UTF8.self)
        }
        return text
    }
}

import CPlatform
import TradingEngine
import TradingModel

/// Where the engine of an executor writes: its journal, and its log file through standard output.
struct JournalOutput: EngineOutput {
    let journal: JournalWriter
    /// Set while what an earlier process did is done again, which is neither written nor logged twice.
    var gate: ReplayGate?

    mutating func record(_ record: JournalRecord, at time: Timestamp) {
        if let gate, !gate.admits(record, at: time) { return }
        journal.append(record, at: time)
    }

    mutating func log(_ message: String, at time: Timestamp) {
        if let gate, !gate.isOpen { return }
        ExecutorLog.write("[\(time)] \(message)")
    }
}

/// The log of this process: standard output, which the manager has joined to a file.
enum ExecutorLog {
    /// Writes one line at once; the log of a dead process must be complete.
    static func write(_ line: String) {
        let bytes = Array((line.split(separator: "\n").joined(separator: "\n  ") + "\n").utf8)
        // A log that cannot be written must not stop trading; there is nowhere left to say so.
        _ = bytes.withUnsafeBytes { cplatform_write_all(1, $0.baseAddress, $0.count) }
    }
}

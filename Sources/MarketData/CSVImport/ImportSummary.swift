package import TradingModel

/// What an import did.
package struct ImportSummary: Sendable, Equatable {
    /// A row that could not be read.
    package struct BadRow: Sendable, Equatable, CustomStringConvertible {
        /// The file, when there are several.
        package let path: String?
        /// From 1, the header counted.
        package let lineNumber: Int
        /// The field and what is wrong with it.
        package let reason: String

        package var description: String { (path.map { $0 + ", " } ?? "") + "line \(lineNumber): \(reason)" }
    }

    /// One instrument's share.
    package struct InstrumentCount: Sendable, Equatable {
        /// The instrument as written to the file.
        package let instrument: Instrument
        /// Records written for it.
        package let recordCount: Int
    }

    /// Data rows read, bad ones included.
    package internal(set) var rowCount = 0
    /// Records written; two per bar.
    package internal(set) var recordCount = 0
    /// Rows left out because they cannot be read.
    package internal(set) var badRowCount = 0
    /// The first `Limits.badRowsDescribed` of them.
    package internal(set) var badRows: [BadRow] = []
    /// What was left out or taken with a reservation though no row was bad, such as `3 rows left out: ...`.
    package internal(set) var notes: [String] = []
    /// Receive times of the first and last record written.
    package internal(set) var firstTime: Timestamp?, lastTime: Timestamp?
    /// The instruments in the order met.
    package internal(set) var instruments: [InstrumentCount] = []
    /// Which column each field was taken from, such as `bid = bid_price`; of the first file.
    package internal(set) var columns: [String] = []

    /// The bad rows as an operator reads them, one per line.
    package var badRowsText: String {
        var lines = badRows.map { $0.description }
        if badRowCount > badRows.count { lines.append("and \(badRowCount - badRows.count) more") }
        return lines.joined(separator: "\n")
    }

    mutating func addBadRow(_ lineNumber: Int, _ problem: CSVRowProblem, path: String?) {
        badRowCount += 1
        guard badRows.count < Limits.badRowsDescribed else { return }
        let field = problem.field.map { $0.rawValue + " " } ?? ""
        badRows.append(BadRow(path: path, lineNumber: lineNumber, reason: field + problem.text))
    }

    mutating func setNotes(_ counts: UnsafeMutablePointer<Int>) {
        notes = CSVRecordBuilder.Note.allCases.filter { counts[$0.rawValue] > 0 }.map {
            "\(counts[$0.rawValue]) \($0.text)"
        }
    }
}

/// How far an import has come.
package struct ImportProgress: Sendable {
    /// Bytes of the inputs read so far, as they are on disk, and of all; 0 when that is not known.
    package internal(set) var byteCount = 0, byteCountTotal = 0
    /// Rows read so far.
    package internal(set) var rowCount = 0
}

package import TradingModel

/// What an import did.
package struct ImportSummary: Sendable, Equatable {
    /// A row that could not be read.
    package struct BadRow: Sendable, Equatable, CustomStringConvertible {
        /// From 1, the header counted.
        package let lineNumber: Int
        /// The field and what is wrong with it.
        package let reason: String

        package var description: String { "line \(lineNumber): \(reason)" }
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
    /// Rows left out.
    package internal(set) var badRowCount = 0
    /// The first `Limits.badRowsDescribed` of them.
    package internal(set) var badRows: [BadRow] = []
    /// Receive times of the first and last record written.
    package internal(set) var firstTime: Timestamp?, lastTime: Timestamp?
    /// The instruments in the order met.
    package internal(set) var instruments: [InstrumentCount] = []
    /// Which column each field was taken from, such as `bid = bid_price`.
    package internal(set) var columns: [String] = []

    /// The bad rows as an operator reads them, one per line.
    package var badRowsText: String {
        var lines = badRows.map { $0.description }
        if badRowCount > badRows.count { lines.append("and \(badRowCount - badRows.count) more") }
        return lines.joined(separator: "\n")
    }

    mutating func addBadRow(_ lineNumber: Int, _ problem: CSVRowProblem) {
        badRowCount += 1
        guard badRows.count < Limits.badRowsDescribed else { return }
        let field = problem.field.map { $0.rawValue + " " } ?? ""
        badRows.append(BadRow(lineNumber: lineNumber, reason: field + problem.text))
    }
}

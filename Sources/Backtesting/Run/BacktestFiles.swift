import MarketData
package import TradingModel

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What several tick files of one backtest have to do with each other.
package enum BacktestFiles {
    /// An instrument that two files have in the same stretch of time.
    package struct Overlap: Equatable, Sendable {
        package var symbol: String
        package var first: String
        package var second: String
        package var from: Timestamp
        package var until: Timestamp

        /// A sentence for people.
        package var text: String {
            "\(symbol) is in both \(first) and \(second) from \(from) to \(until): its records are woven together by time"
        }
    }

    /// Refuses a file that is named twice, which would double each of its records.
    static func check(_ files: [String]) throws(BacktestError) {
        var seen: [String: String] = [:]
        for file in files {
            // realpath(3); a file that is not there is told of by its reader.
            guard let resolved = realpath(file, nil) else { continue }
            defer { free(resolved) }
            if let other = seen.updateValue(file, forKey: String(cString: resolved)) {
                let name = other == file ? "\(file) is given twice" : "\(other) and \(file) are the same file"
                throw BacktestError(context: "\(name): each of its records would count twice; name it once")
            }
        }
    }

    /// Where files tell the same instrument's market at the same time: right for quotes in one and trades in the other,
    /// and seldom meant otherwise.
    package static func overlaps(_ files: [String]) throws -> [Overlap] {
        var found: [Overlap] = []
        var spans: [(file: String, instruments: [Instrument], from: Timestamp, until: Timestamp)] = []
        for file in files {
            let header = try TickFileReader(path: file).header
            guard header.isClosed, header.recordCount > 0 else { continue }
            for other in spans {
                let from = max(other.from, header.firstTime)
                let until = min(other.until, header.lastTime)
                guard from < until else { continue }
                for instrument in header.instruments
                where other.instruments.contains(where: { $0.token == instrument.token }) {
                    found.append(
                        Overlap(
                            symbol: instrument.symbol, first: other.file, second: file, from: from,
                            until: until))
                }
            }
            spans.append((file, header.instruments, header.firstTime, header.lastTime))
        }
        return found
    }
}

import Foundation
import TradingModel

/// The journal files of one strategy.
enum JournalFiles {
    /// The epochs that have a file in a directory, ascending; empty when there is no directory.
    static func epochs(in directory: String) -> [UInt32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return names.compactMap { JournalCodec.epoch(ofFileNamed: $0) }.sorted()
    }
}

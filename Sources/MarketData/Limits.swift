/// The bounds of this module and what happens at each.
package enum Limits {
    /// Instruments in one tick file; more are refused.
    package static let instrumentsMax = 65_536
    /// Bytes of one symbol, category or currency name; longer ones are refused.
    package static let nameBytesMax = 256
    /// Bytes of a tick file's source text; longer ones are refused.
    package static let sourceBytesMax = 1024
    /// Bytes of a tick file's header; a larger one is taken for damage.
    package static let headerBytesMax = 64 << 20
    /// Tick files merged by one reader; more are refused.
    package static let mergedFilesMax = 1024
    /// Mapped bytes behind a reader's cursor before they are given back to the system.
    package static let mappedBytesBehindMax = 4 << 20
    /// Records a batch holds unless told otherwise.
    package static let batchRecords = 1024
    /// Columns of a CSV row; a row with more is a bad row.
    package static let csvColumnsMax = 256
    /// Bytes of a CSV line; a longer one is a bad row.
    package static let csvLineBytesMax = 65_536
    /// Rows looked at to recognise the length of a CSV file's bars.
    package static let csvProbeRows = 1000
    /// Records sorted in memory by an import, 64 bytes each; more are refused.
    package static let sortedRecordsMax = 20_000_000
    /// Bad rows an import describes; further ones are only counted.
    package static let badRowsDescribed = 10
    /// How far a live synthetic feed catches up after a stall; what was due before is left out.
    package static let catchUpNanosecondsMax: Int64 = 1_000_000_000
    /// Symbols of one synthetic feed; more are refused.
    package static let syntheticSymbolsMax = 4096
}

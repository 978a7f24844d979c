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
    /// Bytes of a CSV file read at once, and gathered before its layout is decided.
    package static let csvBlockBytes = 262_144
    /// Pieces of 1 MiB that the writer of a new tick file fills or has on their way; beyond, whoever appends waits.
    package static let writerPiecesMax = 8
    /// Bytes written after which the system is told to bring them to the disk.
    package static let writebackBytes = 8 << 20
    /// Unpacked bytes read on to find out whether rows make no sense because a compressed file is damaged.
    package static let unpackedCheckBytes = 256 << 20
    /// Files in a zip archive; an archive that lists more is refused.
    package static let zipMembersMax = 65_536
    /// Bytes of a zip archive's directory; a larger one is refused.
    package static let zipDirectoryBytesMax = 64 << 20
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
    /// Bytes of a recording's header beside 64 for each instrument known at first; a file whose header is full is
    /// followed by another one.
    package static let recordingHeaderBytes = 32 << 10
    /// Files of one feed and day; beyond, the feed is not recorded any more on that day.
    package static let recordingSegmentsMax = 1_000
    /// The newest files in which the record is looked for at which a strategy joins.
    package static let recordingsSearched = 8
    /// Closed files that a recorder keeps to report; older ones are found by looking into the directory.
    package static let recordedFilesReported = 100
    /// Bytes of records that wait for the disk; beyond, new ones are dropped and a gap record says so.
    package static let recorderQueueBytesMax = 256 << 20
    /// How long a chunk waits for room there.
    package static let recorderWaitMilliseconds = 1_000
    /// Bytes of records handed to the recorder's thread at once at most: they should be in a cache still.
    package static let recorderChunkBytes = 256 << 10
    /// Empty chunks kept for the next burst.
    package static let recorderChunksKept = 32
    /// The time between two looks at what the recorder's files have become.
    package static let recorderStatusMilliseconds: Int64 = 100
    /// The time after which what was received is handed to the recorder's thread, however little it is.
    package static let recorderFlushMilliseconds: Int64 = 40
    /// The time for which that thread gathers records of a block before it hands them to the system.
    package static let recorderGatherMilliseconds = 10
    /// The time between two syncs of the files to disk.
    package static let recorderSyncSeconds: Int64 = 5
    /// The time between two tries to record on after a failure or a full disk.
    package static let recorderRetrySeconds: Int64 = 1
    /// Bytes read from a socket at once.
    package static let socketReadBytes = 256 << 10
    /// Chunks of records that a socket feed has read and its host has not taken; at the bound it reads no further.
    package static let socketChunksMax = 64
    /// Symbols of one socket feed; more are refused.
    package static let socketSymbolsMax = 4096
    /// Symbols of a feed with `symbols=any`, unless `symbols_max` says otherwise; records of further ones are left out.
    package static let socketNewSymbolsMax = 1_000
    /// Bytes of a symbol that nobody named; a longer one is none.
    package static let socketSymbolBytesMax = 64
    /// Connections to one listening feed; further ones wait to be accepted.
    package static let socketConnectionsMax = 64
    /// The wait before a connection is made again, doubling up to the maximum.
    package static let socketReconnectMillisecondsMin = 100, socketReconnectMillisecondsMax = 10_000
    /// How long making a connection may take.
    package static let socketConnectMilliseconds: Int32 = 5_000
    /// Lines that are not understood which are logged in a second; further ones are only counted.
    package static let malformedLinesLogged = 3
    /// Bytes of such a line that are shown.
    package static let malformedLineBytesLogged = 120
    /// The time without data after which a feed is quiet, unless told otherwise.
    package static let quietSeconds = 10.0
    /// Instruments without data that a feed's status names.
    package static let staleSymbolsNamed = 20
}

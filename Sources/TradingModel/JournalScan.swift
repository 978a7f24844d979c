/// The records found in a run of journal bytes, and why the scan ended.
public struct JournalScan: Sendable {
    /// Why a scan stopped before the end of the bytes.
    public struct Corruption: Equatable, Sendable {
        /// Where the bad record begins, from the start of the file.
        public var offset: Int
        public var reason: String

        package init(offset: Int, reason: String) {
            self.offset = offset
            self.reason = reason
        }
    }

    /// The whole records, in order.
    public var entries: [JournalEntry] = []
    /// The file offset after the last whole record: where the next scan goes on.
    public var endOffset: Int
    /// Bytes after `endOffset` that do not make a record yet: more to come, or a torn tail.
    public var incompleteByteCount = 0
    /// Set when the bytes at `endOffset` cannot be a record.
    public var corruption: Corruption?

    /// Scans bytes that stand at `fileOffset`; offset 0 must hold the file's magic. Stops after `entriesMax`.
    public init(_ bytes: UnsafeRawBufferPointer, fileOffset: Int, entriesMax: Int = .max) {
        endOffset = fileOffset
        var position = 0
        if fileOffset == 0 {
            guard bytes.count >= JournalCodec.magic.count else {
                incompleteByteCount = bytes.count
                return
            }
            guard bytes.prefix(JournalCodec.magic.count).elementsEqual(JournalCodec.magic) else {
                corruption = Corruption(offset: 0, reason: "it does not begin with TWJRNL01")
                return
            }
            position = JournalCodec.magic.count
            endOffset = position
        }
        while position < bytes.count, entries.count < entriesMax {
            switch JournalCodec.decode(UnsafeRawBufferPointer(rebasing: bytes[position...])) {
            case .entry(let entry, let byteCount):
                entries.append(entry)
                position += byteCount
                endOffset = fileOffset + position
            case .needMoreData:
                incompleteByteCount = bytes.count - position
                return
            case .corrupt(let reason):
                corruption = Corruption(offset: fileOffset + position, reason: reason)
                return
            }
        }
    }
}

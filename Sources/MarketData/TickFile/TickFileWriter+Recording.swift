package import TradingModel

/// What a recorder needs of a file that grows for a day.
extension TickFileWriter {
    /// The instruments of the header.
    package var instruments: [Instrument] { header.instruments }

    /// Bytes of the file once everything appended is written.
    package var byteCount: Int {
        let blocks = (recordCount + TickFileBlock.slotCount - 1) / TickFileBlock.slotCount
        return header.byteCount + blocks * TickFileBlock.byteCount
    }

    /// Receive time of the first record that the system was handed; `nil` when there is none.
    package func firstTime() throws(MarketDataError) -> Timestamp? {
        guard recordCount > 0 else { return nil }
        var first = Timestamp.epoch
        try withUnsafeMutableBytes(of: &first) { bytes throws(MarketDataError) in
            try Syscall.read(into: bytes, from: descriptor, at: header.byteCount + 8, path: path)
        }
        return first
    }

    /// A descriptor of the open file to sync it by, to be closed by the caller; `nil` when none is free.
    func duplicateDescriptor() -> Int32? { Syscall.duplicate(descriptor) }

    /// Puts other instruments into the header of a file that has its name already; `false` when they do not fit, and
    /// nothing has changed.
    ///
    /// A process can be killed, and a machine lose its power, in the middle of a header. So the new one is first put
    /// down beside the file, in `<path>.header`, from which `init(appendingTo:)` mends it.
    package func replaceInstruments(_ instruments: [Instrument]) throws(MarketDataError) -> Bool {
        precondition(writtenPath == path, "a file without its name gets its instruments when it is finished")
        var next = header
        next.instruments = instruments
        try next.validate(path: path)
        let bytes = next.encoded(minimumByteCount: header.byteCount)
        guard bytes.count == header.byteCount else { return false }
        let beside = Self.headerPath(of: path)
        let copy = try Syscall.openForWriting(beside, isCreating: true)
        defer { Syscall.close(copy) }
        try Syscall.truncate(copy, to: 0, path: beside)
        try bytes.withUnsafeBufferPointer { bytes throws(MarketDataError) in
            try Syscall.write(UnsafeRawBufferPointer(bytes), to: copy, at: 0, path: beside)
        }
        try Syscall.sync(copy, path: beside)
        try write(bytes, at: 0)
        try Syscall.sync(descriptor, path: path)
        Syscall.remove(beside)
        header = next
        return true
    }

    /// Writes the header again that lies beside a file, if one does: its writer was cut off while it changed it.
    static func mendHeader(of path: String, descriptor: Int32) throws(MarketDataError) {
        let beside = headerPath(of: path)
        guard Syscall.exists(beside) else { return }
        let file = try MappedFile(path: beside)
        // One that is not whole was cut off itself, before the file was touched.
        let header = try? TickFileHeader(decoding: file.bytes, path: beside, isClosingTrusted: false)
        if let header, header.byteCount == file.bytes.count {
            try Syscall.write(file.bytes, to: descriptor, at: 0, path: path)
            try Syscall.sync(descriptor, path: path)
        }
        Syscall.remove(beside)
    }

    private static func headerPath(of path: String) -> String { path + ".header" }
}

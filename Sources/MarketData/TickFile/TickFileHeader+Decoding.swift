import TradingModel

extension TickFileHeader {
    /// Reads the header at the front of a file.
    ///
    /// - Parameter isClosingTrusted: `false` leaves out bytes 64 to 95, for a writer that renews them.
    init(
        decoding file: UnsafeRawBufferPointer, path: String, isClosingTrusted: Bool = true
    ) throws(MarketDataError) {
        let header = try Self.checkedBytes(of: file, path: path)
        var reader = ByteReader(UnsafeRawBufferPointer(rebasing: header[24..<32]))
        let instrumentCount = Int(reader.read(UInt32.self) ?? 0)
        let bodyByteCount = Int(reader.read(UInt32.self) ?? 0)
        let damage = MarketDataError(
            .damaged,
            "\(path): the instrument table is damaged; take the file from a backup or record it again")
        guard bodyByteCount <= header.count - Self.bodyOffset, instrumentCount <= Limits.instrumentsMax else {
            throw damage
        }
        let body = header[Self.bodyOffset..<Self.bodyOffset + bodyByteCount]
        var table = ByteReader(UnsafeRawBufferPointer(rebasing: body))
        guard let source = table.readText() else { throw damage }
        var instruments: [Instrument] = []
        for _ in 0..<instrumentCount {
            guard let instrument = Self.instrument(from: &table) else { throw damage }
            instruments.append(instrument)
        }
        self.init(instruments: instruments, source: source)
        byteCount = header.count
        if isClosingTrusted { try readClosing(header, path: path) }
    }

    /// The bytes of the whole header, once its length, version and checksum are proven.
    private static func checkedBytes(
        of file: UnsafeRawBufferPointer, path: String
    ) throws(MarketDataError) -> UnsafeRawBufferPointer {
        guard file.count > 0 else {
            throw MarketDataError(.notATickFile, "\(path) is empty; it is not a tick file")
        }
        let magicBytes = magic.withUTF8Buffer { Array($0) }
        let prefix = file.prefix(magicBytes.count)
        guard prefix.elementsEqual(magicBytes.prefix(prefix.count)) else {
            throw MarketDataError(
                .notATickFile,
                "\(path) is not a tick file; import CSV data with `tradewind ticks import` first")
        }
        let truncation = MarketDataError(
            .truncated, "\(path) ends within its header, at byte \(file.count); copy or record it again")
        guard file.count >= pageByteCount else { throw truncation }
        func field(_ offset: Int) -> UInt32 {
            UInt32(littleEndian: file.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        }
        guard field(8) == version else {
            throw MarketDataError(
                .unsupportedVersion,
                "\(path) has tick file version \(field(8)), this build reads version \(version); use a"
                    + " matching build"
            )
        }
        let byteCount = Int(field(16))
        let isPlausible =
            field(12) == 64 && field(20) == TickFileBlock.slotCount && byteCount >= pageByteCount
            && byteCount % pageByteCount == 0 && byteCount <= Limits.headerBytesMax
        let damage = MarketDataError(
            .damaged,
            "\(path): the header's checksum does not match; take the file from a backup or record it again")
        guard isPlausible else { throw damage }
        guard byteCount <= file.count else { throw truncation }
        let header = UnsafeRawBufferPointer(rebasing: file[0..<byteCount])
        guard field(32) == checksum(header) else { throw damage }
        return header
    }

    private static func instrument(from table: inout ByteReader) -> Instrument? {
        guard let token = table.read(UInt32.self), let symbol = table.readText(),
            let category = table.readText(),
            let currency = table.readText(), let priceIncrement = table.read(Int64.self),
            let quantityIncrement = table.read(Int64.self), let multiplier = table.read(Int64.self)
        else { return nil }
        return Instrument(
            symbol: symbol, token: InstrumentToken(token), category: category,
            priceIncrement: Price(e8: priceIncrement), quantityIncrement: Quantity(e8: quantityIncrement),
            multiplier: Quantity(e8: multiplier), currency: currency)
    }

    private mutating func readClosing(_ header: UnsafeRawBufferPointer, path: String) throws(MarketDataError)
    {
        let closing = UnsafeRawBufferPointer(rebasing: header[Self.closingRange])
        if closing.allSatisfy({ $0 == 0 }) { return }
        var reader = ByteReader(closing)
        guard let count = reader.read(UInt64.self), let first = reader.read(Int64.self),
            let last = reader.read(Int64.self), let state = reader.read(UInt32.self),
            let crc = reader.read(UInt32.self), state == 1, count <= UInt64(Int64.max) / 64,
            crc == CRC32C.checksum(UnsafeRawBufferPointer(rebasing: closing[0..<28]))
        else {
            throw MarketDataError(
                .damaged,
                "\(path): the record count in the header is damaged; open the file for append to renew it")
        }
        recordCount = Int(count)
        firstTime = Timestamp(nanoseconds: first)
        lastTime = Timestamp(nanoseconds: last)
        isClosed = true
    }
}

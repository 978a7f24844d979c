import Testing
import TradingModel

@Suite struct JournalCodecTests {
    static let order = Order(
        id: OrderID(epoch: 3, count: 9), token: InstrumentToken(77), side: .sell, type: .limit,
        timeInForce: .ioc,
        isPostOnly: true, isReduceOnly: true, price: Price(5), quantity: Quantity(2),
        filledQuantity: Quantity(1),
        status: .submitted, createdAt: Timestamp(seconds: 10))
    static let records: [JournalRecord] = [
        .sessionStarted(
            JournalSession(strategyID: "id", strategyName: "näme", className: "c", epoch: 3, seed: 4)),
        .checkpoint(
            EngineSnapshot(
                totals: AccountTotals(
                    startingCash: Money(100), orderCount: 1, fillCount: 2, roundTripCount: 3),
                positions: [
                    Position(token: InstrumentToken(77), quantity: Quantity(-4), averagePrice: Price(5))
                ],
                openOrders: [order], savedState: SavedState(version: 2, bytes: [1, 2, 3]))),
        .orderSubmitted(order),
        .orderUpdated(
            OrderUpdate(id: order.id, status: .canceled, filledQuantity: Quantity(1), reason: "ioc")),
        .fill(
            Fill(
                count: 1, orderID: order.id, token: order.token, side: .sell, liquidity: .maker,
                price: Price(5),
                quantity: Quantity(1), fee: Money(e8: -3), realizedPnL: Money(7), positionAfter: Quantity(-4),
                averagePriceAfter: Price(6), time: Timestamp(seconds: 11))),
        .parametersChanged(#"{"fast":10}"#),
        .stateSaved(SavedState(version: 1, bytes: [])),
        .sessionEnded(JournalSessionEnd(reason: "stopped", orderLogHash: 42)),
    ]

    static func entry(_ record: JournalRecord, sequence: UInt64 = 1) -> JournalEntry {
        JournalEntry(sequence: sequence, epoch: 3, time: Timestamp(nanoseconds: 5), record: record)
    }

    @Test(arguments: records) func recordSurvivesARoundTrip(record: JournalRecord) {
        let bytes = JournalCodec.encode(Self.entry(record))
        let decoded = bytes.withUnsafeBytes { JournalCodec.decode($0) }
        #expect(decoded == .entry(Self.entry(record), byteCount: bytes.count))
    }

    @Test func everyTruncationAsksForMoreAndEveryFlippedByteIsFound() {
        for record in Self.records {
            let bytes = JournalCodec.encode(Self.entry(record))
            for count in 0..<bytes.count {
                #expect(bytes.prefix(count).withUnsafeBytes { JournalCodec.decode($0) } == .needMoreData)
            }
            for index in 4..<bytes.count {
                var damaged = bytes
                damaged[index] ^= 0x40
                guard case .corrupt = damaged.withUnsafeBytes({ JournalCodec.decode($0) }) else {
                    Issue.record("byte \(index) of \(record) was changed and not noticed")
                    continue
                }
            }
        }
    }

    @Test func sessionEndHasTheDocumentedBytes() {
        let end = JournalRecord.sessionEnded(JournalSessionEnd(reason: "ok", orderLogHash: 1))
        let bytes = JournalCodec.encode(Self.entry(end, sequence: 2))
        #expect(bytes[0..<4] == [38, 0, 0, 0])
        #expect(
            bytes[8...] == [
                2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 8, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0x6F,
                0x6B, 1, 0,
                0, 0, 0, 0, 0, 0,
            ])
    }

    @Test func aClaimedLengthBeyondTheLimitIsCorruptionBeforeAnythingIsRead() {
        let bytes: [UInt8] = [0, 0, 0, 0x80, 0, 0, 0, 0]
        guard case .corrupt = bytes.withUnsafeBytes({ JournalCodec.decode($0) }) else {
            Issue.record("a length of 2^31 was accepted")
            return
        }
    }

    @Test func randomBytesNeverTrap() {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<100_000 {
            var bytes = (0..<Int(random.next() % 80)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            if bytes.count > 3 { bytes[1...3] = [0, 0, 0] }
            _ = bytes.withUnsafeBytes { JournalCodec.decode($0) }
        }
    }

    @Test func scanStopsAtTheTornTailAndResumesFromItsOffset() {
        var file = JournalCodec.magic
        for (index, record) in Self.records.enumerated() {
            file += JournalCodec.encode(Self.entry(record, sequence: UInt64(index + 1)))
        }
        let torn = file.prefix(file.count - 5)
        let scan = torn.withUnsafeBytes { JournalScan($0, fileOffset: 0) }
        #expect(scan.entries.map(\.record) == Array(Self.records.dropLast()))
        #expect(scan.corruption == nil)
        #expect(scan.endOffset + scan.incompleteByteCount == torn.count)
        let rest = file[scan.endOffset...].withUnsafeBytes { JournalScan($0, fileOffset: scan.endOffset) }
        #expect(rest.entries.map(\.record) == [Self.records[7]])
        #expect(rest.endOffset == file.count)
    }

    @Test func scanReportsCorruptionWithItsOffset() {
        var file = JournalCodec.magic + JournalCodec.encode(Self.entry(Self.records[7]))
        let offset = file.count
        var bad = JournalCodec.encode(Self.entry(Self.records[7]))
        bad[20] ^= 1
        file += bad
        let scan = file.withUnsafeBytes { JournalScan($0, fileOffset: 0) }
        #expect(scan.entries.count == 1)
        #expect(scan.corruption?.offset == offset)
    }

    @Test func checksumHasThePublishedCheckValue() {
        #expect(Array("123456789".utf8).withUnsafeBytes { CRC32C.checksum($0) } == 0xE306_9283)
    }
}

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

    /// An order with every optional member.
    static let linked = Order(
        id: OrderID(epoch: 3, count: 10), token: InstrumentToken(77), side: .buy, type: .trailingStop,
        timeInForce: .gtd, isReduceOnly: true, isTriggered: true, triggerPrice: Price(7),
        trailingOffset: .basisPoints(25), quantity: Quantity(2), status: .held,
        createdAt: Timestamp(seconds: 10), expireTime: Timestamp(seconds: 99),
        link: OrderLink(
            listID: OrderID(epoch: 3, count: 8), parentID: OrderID(epoch: 3, count: 8),
            isOneCancelsOther: true,
            listQuantity: Quantity(3), parentQuantity: Quantity(4), parentFilled: Quantity(2),
            siblingsFilled: Quantity(1)),
        tag: "exit 1")
    static let newRecords: [JournalRecord] = [
        .orderSubmitted(linked),
        .checkpoint(
            EngineSnapshot(
                totals: AccountTotals(startingCash: Money(100), tradedNotional: Money(55)),
                openOrders: [order, linked])),
        .orderModified(
            OrderModification(
                id: linked.id, price: .zero, triggerPrice: Price(8), quantity: Quantity(2),
                status: .triggered, reason: "trailed")),
    ]
    static let inputs: [JournalRecord] = SessionInput.Kind.allCases.map { kind in
        .input(
            SessionInput(
                kind: kind, place: RecordPlace(time: Timestamp(seconds: 7), sequence: 12), text: "{\"ä\": 1}")
        )
    }

    static func entry(_ record: JournalRecord, sequence: UInt64 = 1) -> JournalEntry {
        JournalEntry(sequence: sequence, epoch: 3, time: Timestamp(nanoseconds: 5), record: record)
    }

    @Test(arguments: records + newRecords + inputs) func recordSurvivesARoundTrip(record: JournalRecord) {
        let bytes = JournalCodec.encode(Self.entry(record))
        let decoded = bytes.withUnsafeBytes { JournalCodec.decode($0) }
        #expect(decoded == .entry(Self.entry(record), byteCount: bytes.count))
    }

    @Test func everyTruncationAsksForMoreAndEveryFlippedByteIsFound() {
        for record in Self.records + Self.newRecords + Self.inputs.prefix(1) {
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

    /// Written by the first released version.
    static let firstVersion =
        "54574a524e4c303138000000076419c30100000000000000030000000100000005000000000000000200000069640500"
        + "00006ec3a46d650100000063030000000400000000000000b1000000de3f70f702000000000000000300000002000000"
        + "050000000000000000e40b54020000000100000000000000020000000000000003000000000000000000000000000000"
        + "010000004d000000007c28e8ffffffff0065cd1d00000000000000000000000000000000000000000000000000000000"
        + "0100000009000000030000004d00000002020203030065cd1d0000000000c2eb0b0000000000e1f5050000000000e40b"
        + "540200000001020000000300000001020349000000916b12520300000000000000030000000300000005000000000000"
        + "0009000000030000004d00000002020203030065cd1d0000000000c2eb0b0000000000e1f5050000000000e40b540200"
        + "0000300000007720fa4004000000000000000300000004000000050000000000000009000000030000000900e1f50500"
        + "00000003000000696f6362000000681b1748050000000000000003000000050000000500000000000000010000000900"
        + "0000030000004d00000002010065cd1d0000000000e1f50500000000fdffffffffffffff0027b92900000000007c28e8"
        + "ffffffff0046c3230000000000aea68f0200000027000000723cb0d60600000000000000030000000600000005000000"
        + "000000000b0000007b2266617374223a31307d20000000b92f2208070000000000000003000000070000000500000000"
        + "00000001000000000000002b00000037d63df10800000000000000030000000800000005000000000000000700000073"
        + "746f707065642a00000000000000"

    /// Kinds and members that the first version did not have.
    static let later: [JournalRecord] = [
        .tradingStateChanged(
            JournalTradingState(
                state: .halted, reason: "max_drawdown: 5 reached 4", isBreach: true,
                time: Timestamp(seconds: 9))),
        .checkpoint(
            EngineSnapshot(
                totals: AccountTotals(startingCash: Money(1)), lastVenueOrder: 3,
                trading: JournalTradingState(
                    state: .reducing, reason: "", isBreach: false, time: Timestamp(seconds: 8)))),
    ]

    @Test(arguments: later) func laterRecordsComeBackWhole(record: JournalRecord) {
        let file = JournalCodec.magic + JournalCodec.encode(Self.entry(record, sequence: 1))
        let scan = file.withUnsafeBytes { JournalScan($0, fileOffset: 0) }
        #expect(
            scan.entries.map(\.record) == [record] && scan.corruption == nil && scan.endOffset == file.count)
    }

    @Test func journalOfTheFirstVersionIsRead() {
        let digits = Array(Self.firstVersion.utf8)
        let bytes = stride(from: 0, to: digits.count, by: 2).map { place in
            UInt8(String(decoding: digits[place..<place + 2], as: UTF8.self), radix: 16)!
        }
        let scan = bytes.withUnsafeBytes { JournalScan($0, fileOffset: 0) }
        #expect(scan.entries.map(\.record) == Self.records)
        #expect(scan.corruption == nil && scan.endOffset == bytes.count)
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

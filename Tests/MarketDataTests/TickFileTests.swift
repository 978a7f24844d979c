import Testing
import TradingModel

@testable import MarketData

@Suite struct TickFileTests {
    private let directory = TestDirectory()
    private let blockByteCount = 65_536

    private func errorCode(_ body: () throws -> Void) -> MarketDataError.Code? {
        do {
            try body()
            return nil
        } catch {
            return (error as? MarketDataError)?.code
        }
    }

    private func readAll(_ path: String) throws { _ = try readTicks(path) }

    // MARK: Layout

    @Test func headerHasTheDocumentedBytes() throws {
        let path = directory.file("a.ticks")
        try writeTicks(path, times: [5, 7])
        let bytes = directory.read("a.ticks")
        #expect(bytes.count == 4096 + blockByteCount)
        #expect(bytes[0..<8].elementsEqual("TWTICK01".utf8))
        #expect(bytes[8..<24] == [1, 0, 0, 0, 64, 0, 0, 0, 0, 16, 0, 0, 0xFF, 3, 0, 0])
        // One instrument; the table is 4 + 4 source, 4 token, 3 x 4 counts, 7 + 6 + 3 names, 24 numbers.
        #expect(bytes[24..<32] == [1, 0, 0, 0, 64, 0, 0, 0])
        #expect(bytes[36..<64].allSatisfy { $0 == 0 })
        #expect(
            bytes[64..<92] == [
                2, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0,
            ])
        #expect(bytes[96..<128].allSatisfy { $0 == 0 })
        #expect(bytes[128..<136] == [4, 0, 0, 0, 0x74, 0x65, 0x73, 0x74])
        #expect(bytes[140..<151] == [7, 0, 0, 0, 0x42, 0x54, 0x43, 0x55, 0x53, 0x44, 0x54])
        #expect(bytes[192..<4096].allSatisfy { $0 == 0 })
        let trailer = Array(bytes[(4096 + 65_472)...])
        #expect(trailer[0..<8] == [0x54, 0x42, 0x4C, 0x4B, 2, 0, 0, 0])
        #expect(trailer[16..<40] == [0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0])
        let records = bytes[4096..<4096 + 128].withUnsafeBytes { CRC32C.checksum($0) }
        #expect(trailer[8..<12].elementsEqual(withUnsafeBytes(of: records.littleEndian) { Array($0) }))
    }

    @Test func equalInputGivesEqualBytes() throws {
        try writeTicks(directory.file("a.ticks"), times: Array(0..<3000))
        try writeTicks(directory.file("b.ticks"), times: Array(0..<3000))
        #expect(directory.read("a.ticks") == directory.read("b.ticks"))
    }

    @Test(arguments: [0, 1, 1022, 1023, 1024, 2046, 5000])
    func recordsComeBackAsWritten(count: Int) throws {
        let path = directory.file("a.ticks")
        let events = try writeTicks(path, times: (0..<count).map { Int64($0) })
        let reader = try TickFileReader(path: path)
        #expect(reader.header.recordCount == count)
        #expect(reader.header.isClosed)
        #expect(reader.header.instruments == [testInstrument])
        #expect(reader.header.source == "test")
        #expect(reader.header.lastTime == Timestamp(nanoseconds: Int64(max(count - 1, 0))))
        #expect(try readTicks(path) == events)
        #expect(directory.names == ["a.ticks"])
    }

    @Test func recordsAreAlignedToSixtyFourBytes() throws {
        let path = directory.file("a.ticks")
        try writeTicks(path, times: Array(0..<2000))
        var reader = try TickFileReader(path: path)
        while let block = try reader.nextBlock() {
            #expect(Int(bitPattern: block.baseAddress) % 64 == 0)
        }
    }

    @Test func manyInstrumentsTakeMoreThanOneHeaderPage() throws {
        let path = directory.file("a.ticks")
        let instruments = (0..<1000).map { Instrument(symbol: "SYMBOL\($0)") }
        let writer = try TickFileWriter(path: path, instruments: instruments, source: "many")
        try writer.append(testQuote(0))
        try writer.finish()
        let header = try TickFileReader(path: path).header
        #expect(header.byteCount > 4096 && header.byteCount % 4096 == 0)
        #expect(header.instruments == instruments)
    }

    @Test func headerThatOutgrowsItsPagesMovesTheBlocks() throws {
        let path = directory.file("a.ticks")
        let instruments = (0..<500).map { Instrument(symbol: "SYMBOL\($0)") }
        let writer = try TickFileWriter(path: path, instruments: [], source: "late")
        for number in 0..<2500 { try writer.append(testQuote(number)) }
        try writer.finish(replacingInstruments: instruments)
        #expect(try TickFileReader(path: path).header.instruments == instruments)
        #expect(try readTicks(path) == (0..<2500).map { testQuote($0) })
    }

    // MARK: Writing

    @Test func outputAppearsOnlyWhenFinished() throws {
        let path = directory.file("a.ticks")
        let writer = try TickFileWriter(path: path, instruments: [testInstrument], source: "test")
        for number in 0..<2000 { try writer.append(testQuote(number)) }
        #expect(directory.names == ["a.ticks.partial"])
        try writer.finish()
        #expect(directory.names == ["a.ticks"])
    }

    @Test func abandonedWriterLeavesNothing() throws {
        let writer = try TickFileWriter(path: directory.file("a.ticks"), instruments: [], source: "test")
        try writer.append(testQuote(0))
        writer.abandon()
        #expect(directory.names.isEmpty)
    }

    @Test func existingFileAndSecondWriterAreRefused() throws {
        let path = directory.file("a.ticks")
        try writeTicks(path, times: [1])
        #expect(errorCode { _ = try TickFileWriter(path: path, instruments: [], source: "") } == .fileExists)
        let other = directory.file("b.ticks")
        let writer = try TickFileWriter(path: other, instruments: [], source: "")
        #expect(errorCode { _ = try TickFileWriter(path: other, instruments: [], source: "") } == .fileBusy)
        writer.abandon()
    }

    @Test func timesThatGoBackAreRefused() throws {
        let writer = try TickFileWriter(path: directory.file("a.ticks"), instruments: [], source: "")
        try writer.append(testQuote(0, time: 10))
        #expect(errorCode { try writer.append(testQuote(1, time: 9)) } == .outOfOrder)
        writer.abandon()
    }

    @Test func contradictoryInstrumentsAreRefused() {
        let twins = [
            Instrument(symbol: "A", token: InstrumentToken(7)),
            Instrument(symbol: "B", token: InstrumentToken(7)),
        ]
        let path = directory.file("a.ticks")
        #expect(
            errorCode { _ = try TickFileWriter(path: path, instruments: twins, source: "") }
                == .instrumentConflict)
        #expect(directory.names.isEmpty)
    }

    // MARK: Appending

    @Test(arguments: [0, 1, 500, 1023, 1500])
    func appendContinuesAfterTheLastRecord(count: Int) throws {
        let path = directory.file("a.ticks")
        try writeTicks(path, times: (0..<count).map { Int64($0) })
        let writer = try TickFileWriter(appendingTo: path)
        #expect(writer.recordCount == count)
        #expect(writer.recovery == TickFileRecovery())
        for number in count..<count + 1200 { try writer.append(testQuote(number, time: Int64(number))) }
        try writer.finish()
        #expect(try readTicks(path) == (0..<count + 1200).map { testQuote($0, time: Int64($0)) })
    }

    @Test func flushedRecordsSurviveAWriterThatIsCutOff() throws {
        let path = directory.file("a.ticks")
        try writeTicks(path, times: Array(0..<1030))
        do {
            let writer = try TickFileWriter(appendingTo: path)
            for number in 1030..<1100 {
                try writer.append(testQuote(number, time: Int64(number)))
                if number == 1089 { try writer.flush() }
            }
        }
        let reader = try TickFileReader(path: path)
        #expect(!reader.header.isClosed)
        #expect(reader.header.recordCount == 1090)
        let writer = try TickFileWriter(appendingTo: path)
        #expect(writer.recovery.wasClosed == false)
        #expect(writer.recovery.cutOffset == nil)
        try writer.finish()
        #expect(try readTicks(path).count == 1090)
    }

    @Test(arguments: [1, 64, 70, 30_000, 65_535])
    func tornTailIsRefusedByReadersAndCutForAppend(byteCount: Int) throws {
        let path = directory.file("a.ticks")
        try writeTicks(path, times: Array(0..<2046))
        var bytes = directory.read("a.ticks")
        for index in 64..<96 { bytes[index] = 0 }
        bytes += [UInt8](repeating: 0x55, count: byteCount)
        directory.write(bytes, to: "a.ticks")
        #expect(errorCode { _ = try TickFileReader(path: path) } == .tornTail)
        let lenient = try TickFileReader(path: path, tornTail: .leaveOut)
        #expect(lenient.header.recordCount == 2046)
        #expect(lenient.tornByteCount == byteCount)
        let writer = try TickFileWriter(appendingTo: path)
        #expect(writer.recovery.cutByteCount == byteCount)
        #expect(writer.recovery.cutOffset == 4096 + 2 * blockByteCount)
        try writer.append(testQuote(2046, time: 5000))
        try writer.finish()
        #expect(try readTicks(path).count == 2047)
    }

    @Test func lastBlockWithWrongChecksumIsCutForAppendAndOneBeforeItIsAnError() throws {
        let path = directory.file("a.ticks")
        try writeTicks(path, times: Array(0..<3000))
        var bytes = directory.read("a.ticks")
        bytes[4096 + 2 * blockByteCount + 100] ^= 1
        directory.write(bytes, to: "a.ticks")
        let writer = try TickFileWriter(appendingTo: path)
        #expect(writer.recordCount == 2046)
        #expect(writer.recovery.cutByteCount == blockByteCount)
        try writer.finish()
        #expect(try readTicks(path).count == 2046)
        bytes[4096 + blockByteCount + 100] ^= 1
        directory.write(bytes, to: "a.ticks")
        #expect(errorCode { _ = try TickFileWriter(appendingTo: path) } == .damaged)
        #expect(directory.read("a.ticks") == bytes)
    }

    // MARK: Damage

    @Test func truncationIsRefusedAtEveryKindOfPlace() throws {
        try writeTicks(directory.file("a.ticks"), times: Array(0..<1100))
        let bytes = directory.read("a.ticks")
        var generator = SeededGenerator(seed: 11)
        var lengths = Array(0..<64) + Array(stride(from: 64, to: 4300, by: 7))
        lengths += (0..<500).map { _ in Int(generator.next() % UInt64(bytes.count)) }
        lengths += [4096 + blockByteCount, 4096 + blockByteCount - 1, bytes.count - 1]
        for length in lengths {
            let path = directory.write(Array(bytes[0..<length]), to: "cut.ticks")
            let code = errorCode { try readAll(path) }
            let isExpected = length == 0 ? code == .notATickFile : code == .truncated
            #expect(isExpected, "length \(length) gave \(String(describing: code))")
        }
    }

    @Test func bitFlipsAreFoundInEveryPartOfTheFile() throws {
        try writeTicks(directory.file("a.ticks"), times: Array(0..<30))
        let bytes = directory.read("a.ticks")
        var generator = SeededGenerator(seed: 12)
        var offsets =
            Array(0..<260) + Array(stride(from: 4096, to: 4096 + 31 * 64, by: 5))
            + Array(bytes.count - 64..<bytes.count)
        offsets += (0..<300).map { _ in Int(generator.next() % UInt64(bytes.count)) }
        for offset in offsets {
            var copy = bytes
            copy[offset] ^= 1 << UInt8(generator.next() % 8)
            let path = directory.write(copy, to: "flip.ticks")
            #expect(errorCode { try readAll(path) } != nil, "offset \(offset)")
        }
    }

    @Test func damageInTheMiddleNamesItsOffsetAndStopsThere() throws {
        let path = directory.file("a.ticks")
        let events = try writeTicks(path, times: Array(0..<3000))
        var bytes = directory.read("a.ticks")
        bytes[4096 + blockByteCount + 7] ^= 0x10
        directory.write(bytes, to: "a.ticks")
        var seen: [MarketEvent] = []
        do {
            try TickFileReader(path: path).forEachBlock { seen.append(contentsOf: $0) }
            Issue.record("the damage was not found")
        } catch let error as MarketDataError {
            #expect(error.code == .damaged)
            #expect(error.description.contains("\(4096 + blockByteCount)"))
        }
        #expect(seen == Array(events[0..<1023]))
    }

    @Test func swappedBlocksAreFound() throws {
        try writeTicks(directory.file("a.ticks"), times: [Int64](repeating: 3, count: 2046))
        let bytes = directory.read("a.ticks")
        let swapped =
            bytes[0..<4096] + bytes[(4096 + blockByteCount)...] + bytes[4096..<4096 + blockByteCount]
        let path = directory.write(Array(swapped), to: "b.ticks")
        #expect(errorCode { try readAll(path) } == .damaged)
    }

    @Test func randomBytesNeverReadAsTicks() {
        var generator = SeededGenerator(seed: 13)
        for round in 0..<200 {
            var bytes = (0..<Int(generator.next() % 20_000)).map { _ in
                UInt8(truncatingIfNeeded: generator.next())
            }
            if round % 2 == 0 { bytes = Array("TWTICK01".utf8) + bytes }
            let path = directory.write(bytes, to: "garbage.ticks")
            #expect(errorCode { try readAll(path) } != nil)
            #expect(errorCode { _ = try TickFileWriter(appendingTo: path) } != nil)
        }
    }

    @Test func whatIsNoTickFileGivesOneClearErrorEach() throws {
        try writeTicks(directory.file("a.ticks"), times: [1])
        var bytes = directory.read("a.ticks")
        bytes[8] = 9
        let later = directory.write(bytes, to: "later.ticks")
        let text = directory.write("time,bid,ask\n", to: "a.csv")
        let empty = directory.write("", to: "empty.ticks")
        #expect(errorCode { try readAll(directory.file("absent.ticks")) } == .fileNotFound)
        #expect(errorCode { try readAll(directory.path) } == .notAFile)
        #expect(errorCode { try readAll(later) } == .unsupportedVersion)
        #expect(errorCode { try readAll(text) } == .notATickFile)
        #expect(errorCode { try readAll(empty) } == .notATickFile)
    }

    @Test func bytesPastTheEndOfAClosedFileAreFound() throws {
        try writeTicks(directory.file("a.ticks"), times: [1])
        let path = directory.write(directory.read("a.ticks") + [0], to: "b.ticks")
        #expect(errorCode { try readAll(path) } == .damaged)
    }

    @Test func seekFindsTheBlockOfATime() throws {
        let path = directory.file("a.ticks")
        try writeTicks(path, times: (0..<5000).map { Int64($0) * 10 })
        var reader = try TickFileReader(path: path)
        for time: Int64 in [0, 10_219, 10_220, 10_221, 49_990] {
            try reader.seek(to: Timestamp(nanoseconds: time))
            let block = try #require(try reader.nextBlock())
            #expect(block[0].receiveTime.nanoseconds <= time + 10)
            #expect(block[block.count - 1].receiveTime.nanoseconds >= time)
        }
        try reader.seek(to: Timestamp(nanoseconds: 49_991))
        #expect(try reader.nextBlock() == nil)
    }
}

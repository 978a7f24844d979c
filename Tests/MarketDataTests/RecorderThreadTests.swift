import TestSupport
import Testing
import TradingModel

@testable import MarketData

/// The queue to the recorder's thread when the disk is slower than the bus.
@Suite struct RecorderThreadTests {
    private let directory: TemporaryDirectory
    private static let chunkRecords = Limits.recorderChunkBytes / MarketEvent.byteCount
    private static let noon: Int64 = 1_767_614_400_000_000_000

    init() throws { directory = try TemporaryDirectory() }

    /// A full chunk, the number `index` of its feed.
    private func fill(_ chunk: RecorderChunk, _ index: Int) {
        let events = (1...Self.chunkRecords).map { number in
            let sequence = index * Self.chunkRecords + number
            let time = Timestamp(nanoseconds: Self.noon + Int64(sequence))
            return MarketEvent(
                kind: .quote, token: testInstrument.token, eventTime: time, receiveTime: time,
                sequence: UInt64(sequence), words: (1, 2, 3, 4))
        }
        let taken = events.withUnsafeBufferPointer { chunk.append($0, feed: 1) }
        precondition(taken == events.count, "a chunk takes what it is made for")
    }

    private func recorder() -> RecorderThread {
        let recorder = RecorderThread(
            directory: directory.path, queueBytesMax: 2 * Limits.recorderChunkBytes, report: { _ in })
        recorder.apply(RecorderSettings(feeds: [1: "sim"], floorBytes: 0))
        recorder.learn([testInstrument])
        return recorder
    }

    @Test func whoIsFasterThanTheDiskIsHeldBackAndNothingIsDropped() throws {
        let recorder = recorder()
        // All are filled before: handing one over takes no time beside writing it.
        let chunks = (0..<60).map { index in
            let chunk = RecorderChunk()
            fill(chunk, index)
            return chunk
        }
        recorder.start()
        for chunk in chunks { _ = recorder.exchange(chunk) }
        recorder.stop()
        #expect(recorder.status.droppedCount == 0)
        #expect(recorder.status.recordCount == UInt64(60 * Self.chunkRecords))
        let path = try #require(RecordingPath.all(in: directory.path).first)
        var reader = try TickFileReader(path: directory.path + "/" + path.relative)
        var count = 0
        while let block = try reader.nextBlock() { count += block.count }
        #expect(count == 60 * Self.chunkRecords)
    }

    /// A disk that stands still costs whoever reads the bus one wait, not one for each chunk.
    @Test func whenNothingIsWrittenForAMomentTheRestIsDroppedAtOnce() {
        let recorder = recorder()
        let begin = ContinuousClock.now
        var chunk = RecorderChunk()
        for index in 0..<10 {
            fill(chunk, index)
            chunk = recorder.exchange(chunk)
        }
        let took = ContinuousClock.now - begin
        #expect(recorder.status.droppedCount == UInt64(8 * Self.chunkRecords))
        #expect(took >= .milliseconds(Limits.recorderWaitMilliseconds) && took < .seconds(6), "\(took)")
        recorder.start()
        recorder.stop()
        #expect(recorder.status.recordCount >= UInt64(2 * Self.chunkRecords))
    }
}

import TestSupport
import Testing
import TradingModel

@testable import MarketData

/// A reader that follows a recording while it is written.
@Suite struct RecordingCursorTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func event(_ sequence: Int, day: Int64 = 0) -> MarketEvent {
        testQuote(sequence - 1, time: day * 86_400_000_000_000 + Int64(sequence) * 1_000)
    }

    private func cursor(since: Int64 = 0, tokens: [UInt32] = [testInstrument.token.rawValue])
        -> RecordingCursor
    {
        RecordingCursor(
            directory: directory.path, feed: "sim", since: Timestamp(nanoseconds: since), tokens: Set(tokens))
    }

    private func take(_ cursor: inout RecordingCursor, before end: RecordingPlace? = nil) -> [UInt64] {
        var found: [UInt64] = []
        while let event = cursor.peek(before: end) {
            found.append(event.sequence)
            cursor.advance()
        }
        return found
    }

    @Test func everyRecordIsSeenOnceHoweverItWasWritten() {
        let recorder = TickRecorder(directory: directory.path, freeBytes: { nil }) { _ in }
        recorder.apply(RecorderSettings(feeds: [1: "sim"], floorBytes: 0, fileBytesMax: 200_000))
        var generator = SeededGenerator(seed: 5)
        var cursor = cursor()
        var written = 0
        var seen: [UInt64] = []
        #expect(take(&cursor).isEmpty && cursor.lastPlace() == nil)
        while written < 12_000 {
            let count = 1 + Int(generator.next() % 900)
            // Over midnight in the middle, so that days follow each other as well as full files.
            let events = (written + 1...written + count).map { event($0, day: $0 > 6_000 ? 1 : 0) }
            events.withUnsafeBufferPointer { recorder.record($0, feed: 1) }
            written += count
            // What has not been handed over is not there yet, whole blocks apart.
            if generator.next() % 3 > 0 { recorder.flush() }
            seen += take(&cursor)
        }
        recorder.flush()
        seen += take(&cursor)
        #expect(seen == Array(1...UInt64(written)))
        #expect(cursor.lastPlace()?.sequence == UInt64(written))
        recorder.finish()
        #expect(take(&cursor).isEmpty)
    }

    @Test func itStopsBeforeAPlaceAndGoesOnBehindIt() {
        let recorder = TickRecorder(directory: directory.path, freeBytes: { nil }) { _ in }
        recorder.apply(RecorderSettings(feeds: [1: "sim"], floorBytes: 0))
        (1...3_000).map { event($0) }.withUnsafeBufferPointer { recorder.record($0, feed: 1) }
        recorder.finish()
        var all = cursor()
        #expect(take(&all, before: RecordingPlace(event(1_500))) == Array(1...1_499))
        #expect(take(&all, before: RecordingPlace(event(1_500))).isEmpty)
        #expect(take(&all) == Array(1_500...3_000))
        var late = cursor(since: 2_000_000)
        #expect(take(&late).first == 2_000)
        var others = cursor(tokens: [7])
        #expect(take(&others).isEmpty)
    }
}

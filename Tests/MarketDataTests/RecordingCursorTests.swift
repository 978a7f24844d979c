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

    private func take(_ cursor: inout RecordingCursor) -> [UInt64] {
        var found: [UInt64] = []
        while let event = cursor.peek() {
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
        let isThere = all.end(at: RecordPlace(event(1_500)))
        #expect(isThere)
        #expect(take(&all) == Array(1...1_499) && all.passed?.sequence == 1_499)
        #expect(take(&all).isEmpty)
        all.removeEnd()
        #expect(take(&all) == Array(1_500...3_000))
        // Of a record that nobody wrote only the place is known.
        var other = cursor()
        let between = RecordPlace(time: Timestamp(nanoseconds: 1_500_500), sequence: 9_000)
        let isBetweenThere = other.end(at: between)
        #expect(!isBetweenThere)
        other.end(about: between)
        #expect(take(&other) == Array(1...1_500))
        var late = cursor(since: 2_000_000)
        #expect(take(&late).first == 2_000)
        var others = cursor(tokens: [7])
        #expect(take(&others).isEmpty && others.passed?.sequence == 3_000)
    }

    /// A clock that was set back begins a file whose times the one before has had already.
    @Test func anEndIsInItsFileWhateverTheTimesOfOthersAre() {
        let recorder = TickRecorder(directory: directory.path, freeBytes: { nil }) { _ in }
        recorder.apply(RecorderSettings(feeds: [1: "sim"], floorBytes: 0))
        let first = (1...100).map { testQuote($0 - 1, time: 1_000_000 + Int64($0) * 1_000) }
        let second = (101...200).map { testQuote($0 - 1, time: 1_050_000 + Int64($0 - 100) * 1_000) }
        for events in [first, second] { events.withUnsafeBufferPointer { recorder.record($0, feed: 1) } }
        recorder.flush()
        var cursor = cursor()
        let isThere = cursor.end(at: RecordPlace(second[9]))
        #expect(isThere)
        #expect(take(&cursor) == Array(1...109))
        recorder.finish()
    }
}

import Foundation
import TestSupport
import Testing

/// The recorder as a process: what it wrote is what the feed sent, whatever happens to it and its manager.
@Suite(.serialized) struct RecorderTests {
    private static func records(of file: String) throws -> Data {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        let headerByteCount = bytes[16..<20].enumerated().reduce(0) {
            $0 + Int($1.element) << (8 * $1.offset)
        }
        var records = Data()
        for start in stride(from: headerByteCount, to: bytes.count, by: 65_536) {
            let trailer = bytes[(start + 65_472)...]
            let count = Int(trailer[trailer.startIndex + 4]) + Int(trailer[trailer.startIndex + 5]) << 8
            records += bytes[start..<start + count * 64]
        }
        return records
    }

    /// Sequence and kind of each record, and the words of gaps.
    private static func sequences(_ records: Data) -> [(sequence: UInt64, kind: UInt8, missing: UInt64)] {
        stride(from: 0, to: records.count, by: 64).map { offset in
            records.withUnsafeBytes { bytes in
                (
                    bytes.loadUnaligned(fromByteOffset: offset + 16, as: UInt64.self), bytes[offset + 28],
                    bytes.loadUnaligned(fromByteOffset: offset + 40, as: UInt64.self)
                )
            }
        }
    }

    private static let recorderStatus = "SELECT value FROM engine_info WHERE key = 'recorder_status';"

    private static func recordings(_ engine: EngineHome, feed: String) throws -> [String] {
        try engine.sql("SELECT path FROM recordings WHERE feed_name = '\(feed)' ORDER BY path;")
            .map { engine.home + "/" + $0 }
    }

    /// Waits until the recording of a feed is closed, and gives its file.
    private static func closedRecording(_ engine: EngineHome, feed: String) throws -> String {
        try #require(
            waitUntil(seconds: 20) {
                try engine.value("SELECT min(status) FROM recordings WHERE feed_name = '\(feed)';")
                    == "complete"
            }, "\(engine.log)")
        return try #require(recordings(engine, feed: feed).first)
    }

    @Test func recordingHoldsWhatTheFeedSentAndReplayingItGivesItAgain() throws {
        let engine = try EngineHome(seconds: 600)
        try engine.command(
            "feeds", "add", "sample", "--kind", "file", "--set", "path=\(engine.ticks)", "--set",
            "lossless=true", "--record", "on")
        try engine.start()
        try #require(
            waitUntil(seconds: 30) { try engine.value("SELECT reason FROM feeds;") == "completed" },
            "\(engine.log)")
        #expect(engine.stop() == 0)
        let recording = try Self.recordings(engine, feed: "sample")[0]
        #expect(recording.hasSuffix("ticks/2026-01-05/sample.ticks"))
        let source = try Self.records(of: engine.ticks)
        let recorded = try Self.records(of: recording)
        // The feed's own word that it has ended comes behind the file's records.
        #expect(recorded.count == source.count + 64)
        #expect(recorded.prefix(source.count) == source)

        // The same day once more, from the recording: the same bytes again, the end included.
        let copy = engine.directory.file("copy.ticks")
        try FileManager.default.copyItem(atPath: recording, toPath: copy)
        try engine.command("feeds", "remove", "sample")
        try engine.command(
            "feeds", "add", "again", "--kind", "file", "--set", "path=\(copy)", "--set", "lossless=true",
            "--record", "on")
        try engine.start()
        let again = try waitUntil(seconds: 30) {
            try engine.value("SELECT reason FROM feeds;") == "completed"
        }
        #expect(again, "\(engine.log)")
        #expect(engine.stop() == 0)
        #expect(try Self.records(of: Self.recordings(engine, feed: "again")[0]) == recorded)
        let list = try engine.command("ticks", "list", "--feed", "again")
        #expect(list.contains("complete") && list.contains("\(recorded.count / 64)"))
    }

    @Test func killedRecorderComesBackAndSaysWhatItMissed() throws {
        let engine = try EngineHome(seconds: 60)
        try engine.command("feeds", "add", "sim", "--kind", "synthetic", "--set", "rate=5000")
        try engine.start()
        for round in 1...3 {
            try #require(
                waitUntil(seconds: 20) {
                    engine.log.components(separatedBy: "recorder recorder: running").count > round
                }, "\(engine.log)")
            try #require(
                waitUntil(seconds: 20) {
                    try Int(engine.value("SELECT sum(record_count) FROM recordings;")) ?? 0 > 500 * round
                })
            kill(try engine.lockHolder("recorder"), SIGKILL)
        }
        try #require(
            waitUntil(seconds: 20) {
                engine.log.components(separatedBy: "recorder recorder: running").count > 4
            })
        #expect(engine.stop() == 0)
        let file = try Self.closedRecording(engine, feed: "sim")
        var expected: UInt64 = 1
        var gaps = 0
        for record in try Self.sequences(Self.records(of: file)) {
            if record.kind == 7 {
                expected += record.missing
                gaps += 1
            } else {
                #expect(record.sequence == expected)
                expected = record.sequence + 1
            }
        }
        #expect(expected > 1_500)
        #expect((1...3).contains(gaps))
    }

    @Test func recorderIsAdoptedByTheNextManager() throws {
        let engine = try EngineHome(seconds: 60)
        try engine.command("feeds", "add", "sim", "--kind", "synthetic", "--set", "rate=1000")
        try engine.start()
        try #require(waitUntil(seconds: 20) { engine.log.contains("feed sim: running") }, "\(engine.log)")
        let before = try engine.lockHolder("recorder")
        engine.killManager()
        try engine.start()
        try #require(
            waitUntil(seconds: 20) {
                try engine.value(Self.recorderStatus) == "running"
                    && engine.log.contains("recorder recorder: running")
            }, "\(engine.log)")
        #expect(try engine.lockHolder("recorder") == before)
        #expect(!EngineHome.hasEnded(before))
        // Nothing is left to be recorded: the recorder ends and closes its file.
        try engine.command("feeds", "record", "sim", "off")
        try #require(waitUntil(seconds: 20) { EngineHome.hasEnded(before) }, "\(engine.log)")
        let file = try Self.closedRecording(engine, feed: "sim")
        let sequences = try Self.sequences(Self.records(of: file))
        #expect(sequences.map(\.sequence) == (1...UInt64(sequences.count)).map { $0 })
        try engine.command("feeds", "record", "sim", "default")
        try #require(
            waitUntil(seconds: 20) { try engine.value(Self.recorderStatus) == "running" }, "\(engine.log)")
    }

    @Test func settingDecidesForFeedsThatDoNotSay() throws {
        let engine = try EngineHome(seconds: 60)
        try engine.sql("UPDATE settings SET value = 0 WHERE name = 'record_by_default';")
        try engine.command("feeds", "add", "one", "--kind", "synthetic", "--set", "symbols=A")
        try engine.command(
            "feeds", "add", "two", "--kind", "synthetic", "--set", "symbols=B", "--record", "on")
        try engine.start()
        try #require(
            waitUntil(seconds: 20) { try !Self.recordings(engine, feed: "two").isEmpty }, "\(engine.log)")
        #expect(try Self.recordings(engine, feed: "one").isEmpty)
        try engine.sql("UPDATE settings SET value = 1 WHERE name = 'record_by_default';")
        try #require(
            waitUntil(seconds: 20) { try !Self.recordings(engine, feed: "one").isEmpty }, "\(engine.log)")
        #expect(throws: (any Error).self) {
            try engine.sql("UPDATE settings SET value = 2 WHERE name = 'record_by_default';")
        }
        #expect(throws: (any Error).self) { try engine.sql("UPDATE feeds SET record = 2;") }
    }

    @Test func diskThatIsTooFullStopsTheRecordingAndNothingElse() throws {
        let engine = try EngineHome(seconds: 60)
        try engine.sql("UPDATE settings SET value = 1000000000 WHERE name = 'recording_floor_mib';")
        try engine.command("feeds", "add", "sim", "--kind", "synthetic", "--set", "rate=1000")
        try engine.start()
        try #require(
            waitUntil(seconds: 20) { engine.log.contains("ALARM: nothing is recorded") }, "\(engine.log)")
        #expect(try engine.command("status").contains("nothing is recorded"))
        try engine.sql("UPDATE settings SET value = 0 WHERE name = 'recording_floor_mib';")
        try #require(
            waitUntil(seconds: 20) { try !Self.recordings(engine, feed: "sim").isEmpty }, "\(engine.log)")
        let isTold = waitUntil(seconds: 20) { engine.log.contains("everything is recorded again") }
        #expect(isTold, "\(engine.log)")
    }
}

package import TradingModel

/// What a recorder records, and within what bounds.
package struct RecorderSettings: Equatable, Sendable {
    /// The names of the feeds that are recorded, by their numbers.
    package var feeds: [UInt16: String]
    /// Free bytes of the disk below which nothing is recorded.
    package var floorBytes: Int
    /// Bytes after which a file is followed by another one.
    package var fileBytesMax: Int

    package init(feeds: [UInt16: String] = [:], floorBytes: Int = 1 << 30, fileBytesMax: Int = 8 << 30) {
        self.feeds = feeds
        self.floorBytes = floorBytes
        self.fileBytesMax = fileBytesMax
    }
}

/// Appends the records of feeds to their files: the whole of a recorder but its socket and its thread.
///
/// Confined to one thread. What is appended is handed to the system by `flush` (then it outlives a kill of the
/// process) and to the disk by `syncDescriptors` every few seconds (then it outlives a power cut). While the disk is
/// fuller than the floor allows, or a file cannot be written, records are dropped; recording goes on by itself, and the
/// gap is written down. Nothing here throws: what goes wrong is reported, once.
package final class TickRecorder {
    private let directory: String
    private let report: (String) -> Void
    private let freeBytes: () -> Int?
    private var settings = RecorderSettings()
    private var recordings: [String: FeedRecording] = [:]
    private var instruments: [UInt32: Instrument] = [:]
    /// The recordings in hand by feed number; `nil` for a feed that is not recorded.
    private var byNumber: [UInt16: FeedRecording] = [:]
    /// Feeds whose file cannot be written, until they are tried again.
    private var failing: [String: String] = [:]
    private var finished: [RecordedFile] = []
    /// Why nothing is recorded at the moment; `nil` while it is.
    package private(set) var alarm: String?
    private var isSuspended = false
    /// Records written since the start.
    package private(set) var recordCount: UInt64 = 0
    /// Free bytes of the disk when they were last looked at.
    package private(set) var lastFreeBytes: Int?

    /// `freeBytes` says how much may still be written to the disk; statvfs(3) unless a test says otherwise.
    package init(
        directory: String, freeBytes: (() -> Int?)? = nil, report: @escaping (String) -> Void
    ) {
        self.directory = directory
        self.report = report
        self.freeBytes = freeBytes ?? { Syscall.freeBytes(at: directory) }
    }

    /// Records these feeds from now on; the files of others are closed.
    package func apply(_ settings: RecorderSettings) {
        self.settings = settings
        try? Syscall.makeDirectory(directory)
        let wanted = Set(settings.feeds.values)
        for (name, recording) in recordings.sorted(by: { $0.key < $1.key }) where !wanted.contains(name) {
            close(recording)
            recordings[name] = nil
            failing[name] = nil
        }
        byNumber = [:]
        for (number, name) in settings.feeds {
            let recording =
                recordings[name]
                ?? FeedRecording(
                    feed: name, directory: directory, fileBytesMax: settings.fileBytesMax, report: report)
            recordings[name] = recording
            byNumber[number] = recording
        }
        checkDisk()
    }

    /// Learns of instruments; files whose records have their tokens get them into their headers.
    package func learn(_ new: [Instrument]) {
        for instrument in new where instruments[instrument.token.rawValue] == nil {
            instruments[instrument.token.rawValue] = instrument
        }
        for recording in recordings.values { recording.instrumentsDidChange() }
    }

    /// Appends records as they came from one feed.
    package func record(_ records: UnsafeBufferPointer<MarketEvent>, feed number: UInt16) {
        guard let recording = byNumber[number], !isSuspended else { return }
        guard failing.isEmpty || failing[recording.feed] == nil else { return }
        attempt(recording) { recording throws(MarketDataError) in
            try recording.record(records, instruments: instruments)
            recordCount += UInt64(records.count)
        }
    }

    /// The bus said that records did not come through; `nil` means any of the feeds.
    package func announce(missing count: UInt64, feed number: UInt16?) {
        if let number {
            byNumber[number]?.announce(missing: count)
        } else {
            for recording in recordings.values { recording.announce(missing: count) }
        }
    }

    /// Hands what was appended to the system.
    package func flush() {
        for recording in recordings.values {
            attempt(recording) { recording throws(MarketDataError) in try recording.flush() }
        }
    }

    /// Looks at the disk and tries again what failed; once a second.
    package func maintain() {
        checkDisk()
        failing = [:]
        if !isSuspended { alarm = nil }
    }

    /// Closes all files in order.
    package func finish() {
        for recording in recordings.values.sorted(by: { $0.feed < $1.feed }) { close(recording) }
        recordings = [:]
        byNumber = [:]
    }

    /// Copies of the open files' descriptors, to be synced and closed by `sync(_:)` on any thread.
    package func syncDescriptors() -> [Int32] { recordings.values.compactMap(\.syncDescriptor) }

    /// fsync(2) and close(2) of what `syncDescriptors` gave; the error of the first that failed.
    package static func sync(_ descriptors: [Int32]) -> MarketDataError? {
        var failure: MarketDataError?
        for descriptor in descriptors {
            do throws(MarketDataError) {
                try Syscall.sync(descriptor, path: "a recording")
            } catch {
                failure = failure ?? error
            }
            Syscall.close(descriptor)
        }
        return failure
    }

    /// The open files, and those that were closed since the last call.
    package func takeFiles() -> [RecordedFile] {
        defer { finished = [] }
        return finished + recordings.values.flatMap { $0.takeFiles() }.sorted { $0.path < $1.path }
    }

    // MARK: - Failures

    private func attempt(
        _ recording: FeedRecording, _ body: (FeedRecording) throws(MarketDataError) -> Void
    ) {
        do throws(MarketDataError) {
            try body(recording)
        } catch {
            recording.interrupt()
            failing[recording.feed] = error.description
            raise("feed \(recording.feed) is not recorded: \(error)")
        }
    }

    private func close(_ recording: FeedRecording) {
        attempt(recording) { recording throws(MarketDataError) in try recording.finish() }
        finished += recording.takeFiles()
    }

    private func checkDisk() {
        guard let free = freeBytes() else { return }
        lastFreeBytes = free
        // A little more than the floor, so that it does not go on and off.
        if isSuspended, free >= settings.floorBytes + settings.floorBytes / 50 {
            isSuspended = false
            report("\(free >> 20) MiB of the disk are free: recording goes on")
        } else if !isSuspended, free < settings.floorBytes {
            flush()
            for recording in recordings.values { recording.suspend() }
            isSuspended = true
        }
        guard isSuspended else { return }
        raise(
            "nothing is recorded: \(free >> 20) MiB of the disk are free, and \(settings.floorBytes >> 20) MiB are to "
                + "stay free (setting recording_floor_mib)", isRepeated: true)
    }

    private func raise(_ text: String, isRepeated: Bool = false) {
        if alarm == nil || (!isRepeated && alarm != text) { report("ALARM: " + text) }
        alarm = text
    }
}

@available(*, unavailable, message: "a recorder stays on its thread")
extension TickRecorder: Sendable {}

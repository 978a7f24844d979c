import Dispatch
import Foundation
import Synchronization
package import TradingModel

/// The recorder's thread and the queue to it: whoever reads the bus hands records over and waits for a disk only a moment.
///
/// Records are gathered in chunks of `Limits.recorderChunkBytes`. A chunk goes to the thread when it is full, and every
/// `recorderFlushMilliseconds`; the thread gathers what makes no whole block for `recorderGatherMilliseconds` and hands it to the system. At `queueBytesMax` records are dropped, counted, and
/// missed by the feeds' own counts, so that a gap record says so. Syncs happen on a thread of their own, since
/// fsync(2) takes as long as it likes.
package final class RecorderThread: Sendable {
    /// How the thread does.
    package struct Status: Sendable {
        /// Records written, and records dropped because the queue was full.
        package var recordCount: UInt64 = 0, droppedCount: UInt64 = 0
        /// Bytes that wait for the thread.
        package var queueBytes = 0
        package var freeBytes: Int?
        /// Why something is not recorded that should be.
        package var alarm: String?
        /// The files that are open, and the last that were closed.
        package var files: [RecordedFile] = []
    }

    private struct Mailbox {
        var work: [Work] = []
        var free: [RecorderChunk] = []
        var queueBytes = 0
        var droppedCount: UInt64 = 0
        /// Whether the last chunk was dropped.
        var isDropping = false
        var isStopping = false
    }

    private enum Work: Sendable {
        case chunk(RecorderChunk)
        case settings(RecorderSettings)
        case instruments([Instrument])
        case missing(UInt64, feed: UInt16?)
    }

    private let directory: String
    private let queueBytesMax: Int
    private let report: @Sendable (String) -> Void
    private let mailbox = Mutex(Mailbox())
    private let published = Mutex(Status())
    private let wakeUp = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    /// Makes the thread; `report` takes lines for the operator, on any thread.
    package init(
        directory: String, queueBytesMax: Int = Limits.recorderQueueBytesMax,
        report: @escaping @Sendable (String) -> Void
    ) {
        self.directory = directory
        self.queueBytesMax = queueBytesMax
        self.report = report
    }

    package func start() {
        let thread = Thread { [self] in
            run()
            ended.signal()
        }
        thread.name = "recorder"
        thread.start()
    }

    /// Writes all that was handed over, closes the files, and ends the thread; waits for it.
    package func stop() {
        mailbox.withLock { $0.isStopping = true }
        wakeUp.signal()
        ended.wait()
    }

    /// Records these feeds from now on.
    package func apply(_ settings: RecorderSettings) { enqueue(.settings(settings)) }

    /// Learns of instruments.
    package func learn(_ instruments: [Instrument]) { enqueue(.instruments(instruments)) }

    /// Records did not come through the bus, of one feed or (`nil`) of any.
    package func announce(missing count: UInt64, feed: UInt16?) { enqueue(.missing(count, feed: feed)) }

    /// Takes a chunk that is full enough, and gives an empty one for it. Waits a moment for room when too much waits, so
    /// that a lossless feed is held back by the bus; drops the chunk when there is none then, and those after it at once
    /// until there is.
    package func exchange(_ chunk: consuming RecorderChunk) -> RecorderChunk {
        let chunk = chunk
        guard chunk.count > 0 else { return chunk }
        var waited = 0
        while waited < Limits.recorderWaitMilliseconds, isWorthWaiting(for: chunk.byteCount) {
            usleep(1_000)
            waited += 1
        }
        let next: RecorderChunk? = mailbox.withLock { mailbox in
            guard mailbox.queueBytes + chunk.byteCount <= queueBytesMax else {
                mailbox.droppedCount += UInt64(chunk.count)
                mailbox.isDropping = true
                return nil
            }
            mailbox.isDropping = false
            mailbox.queueBytes += chunk.byteCount
            mailbox.work.append(.chunk(chunk))
            return mailbox.free.popLast() ?? RecorderChunk()
        }
        guard let next else {
            chunk.removeAll()
            return chunk
        }
        wakeUp.signal()
        return next
    }

    /// Whether a chunk would be taken at once; one that need not go yet can wait for that where it is.
    package func hasRoom(for chunk: RecorderChunk) -> Bool {
        mailbox.withLock { $0.queueBytes + chunk.byteCount <= queueBytesMax }
    }

    private func isWorthWaiting(for byteCount: Int) -> Bool {
        mailbox.withLock { !$0.isDropping && $0.queueBytes + byteCount > queueBytesMax }
    }

    /// How it does; any thread.
    package var status: Status {
        var status = published.withLock { $0 }
        mailbox.withLock { mailbox in
            status.droppedCount = mailbox.droppedCount
            status.queueBytes = mailbox.queueBytes
        }
        return status
    }

    // MARK: - The thread

    private func enqueue(_ work: Work) {
        mailbox.withLock { $0.work.append(work) }
        wakeUp.signal()
    }

    private func run() {
        let recorder = TickRecorder(directory: directory, report: report)
        let syncs = RecorderSyncs(report: report)
        var nextCare = ContinuousClock.now
        var nextFlush = nextCare
        var nextStatus = nextCare
        var closed: [RecordedFile] = []
        var isFlushed = true
        while true {
            _ = wakeUp.wait(
                timeout: .now() + .milliseconds(isFlushed ? 500 : Limits.recorderGatherMilliseconds))
            let (work, isStopping) = mailbox.withLock { mailbox in
                defer { mailbox.work = [] }
                return (mailbox.work, mailbox.isStopping)
            }
            for item in work { perform(item, recorder) }
            let now = ContinuousClock.now
            // A block that is handed over in parts costs more than one.
            isFlushed = isStopping || now >= nextFlush
            if isFlushed {
                nextFlush = now + .milliseconds(Limits.recorderGatherMilliseconds)
                recorder.flush()
            }
            if now >= nextCare || isStopping {
                nextCare = now + .seconds(Limits.recorderRetrySeconds)
                recorder.maintain()
                syncs.beginIfDue(recorder, now: now)
            }
            if isStopping { recorder.finish() }
            if work.isEmpty || isStopping || now >= nextStatus {
                nextStatus = now + .milliseconds(Limits.recorderStatusMilliseconds)
                publish(recorder, &closed)
            }
            if isStopping { return syncs.wait() }
        }
    }

    private func perform(_ work: Work, _ recorder: TickRecorder) {
        switch work {
        case .settings(let settings): recorder.apply(settings)
        case .instruments(let instruments): recorder.learn(instruments)
        case .missing(let count, let feed): recorder.announce(missing: count, feed: feed)
        case .chunk(let chunk):
            chunk.forEachRun { recorder.record($0, feed: $1) }
            mailbox.withLock { mailbox in
                mailbox.queueBytes -= chunk.byteCount
                chunk.removeAll()
                // A burst must not keep its memory for ever.
                if mailbox.free.count < Limits.recorderChunksKept { mailbox.free.append(chunk) }
            }
        }
    }

    private func publish(_ recorder: TickRecorder, _ closed: inout [RecordedFile]) {
        let files = recorder.takeFiles()
        closed += files.filter(\.isComplete)
        closed.removeFirst(max(0, closed.count - Limits.recordedFilesReported))
        let open = files.filter { !$0.isComplete }
        // A file that is continued is not closed any more.
        closed.removeAll { file in open.contains { $0.path == file.path } }
        let known = closed
        published.withLock { status in
            status.recordCount = recorder.recordCount
            status.freeBytes = recorder.lastFreeBytes
            status.alarm = recorder.alarm
            status.files = known + open
        }
    }
}

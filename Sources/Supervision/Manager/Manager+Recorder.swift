import ControlPlane
import Dispatch
import MarketData
import MessageBus
import TradingModel

/// The recorder: which feeds it records, whether it has to run, and what it says of its files.
extension Manager {
    /// Whether feeds should wait a moment: the recorder is about to listen, and would miss their first records.
    var isRecorderStarting: Bool { recorder.machine.status == .starting }

    /// Works out what is to be recorded, and tells the recorder when that has changed.
    func takeRecording(_ configuration: StoreThread.Configuration) {
        let isDefault = configuration.settings.isRecordingByDefault
        let recorded = configuration.feeds.filter { row in
            row.isEnabled && (row.isRecorded ?? (isDefault && !isReplay(row)))
        }
        let settings = RecorderSettingsPayload(
            feeds: recorded.map { RecorderSettingsPayload.Feed(name: $0.name, number: $0.number) },
            floorBytes: configuration.settings.recordingFloorMiB << 20,
            fileBytesMax: configuration.settings.recordingFileMiB << 20)
        guard settings != recorderSettings else { return }
        recorderSettings = settings
        publishRecorderSettings()
    }

    func publishRecorderSettings() {
        guard let recorderSettings else { return }
        _ = client?.publish(.recorderSettings, recorderSettings.encoded())
        // Before a feed is started that it is to record.
        client?.flush()
    }

    /// Starts the recorder when there is something to record, and stops it when there is nothing.
    func superviseRecorder() {
        guard isBusReady, isConfigured, hasAdopted, stopping == nil, let recorderSettings else { return }
        let isWanted = !recorderSettings.feeds.isEmpty
        guard isWanted != (recorder.machine.desired == .running) else { return }
        apply(isWanted ? .operatorStart(commandID: nil) : .operatorStop(commandID: nil), to: recorder)
    }

    /// What the recorder says, once a second: it lives, and these are its files.
    func take(_ payload: RecorderStatusPayload) {
        guard let handle = recorder.handle, payload.processID == handle.pid else { return }
        let epoch = recorder.machine.epoch
        if recorder.machine.status == .starting {
            recorder.bootstrapSocket = nil
            apply(.ready(epoch: epoch), to: recorder)
        } else {
            apply(.heartbeat(epoch: epoch), to: recorder)
        }
        if payload.alarm != recorderAlarm {
            recorderAlarm = payload.alarm
            note(payload.alarm.map { "ALARM: " + $0 } ?? "everything is recorded again", of: recorder)
            let text = payload.alarm ?? ""
            store?.enqueue("the alarm of the recorder") {
                try $0.setEngineInfo("recorder_alarm", text, at: WallClock.now)
            }
        }
        let rows = payload.files.map { file in
            RecordingRow(
                feedName: file.feed, path: "ticks/" + file.path, isComplete: file.isComplete,
                recordCount: file.records, byteCount: file.byteCount, firstTime: file.firstTime,
                lastTime: file.lastTime)
        }
        store?.enqueue("recordings", isDroppable: true) { try $0.upsertRecordings(rows) }
    }

    /// Brings the table of recordings in line with the files there are: some may have been recorded, closed or deleted
    /// while no manager ran. Reads the headers and ends of files that are new or not complete, beside the loop.
    func lookAtRecordings() {
        let directory = settings.home.ticksDirectory
        let report = settings.report
        guard let store else { return }
        hashing.async {
            let paths = RecordingPath.all(in: directory)
            store.enqueue("recordings") { store in
                let known = Dictionary(try store.recordings().map { ($0.path, $0) }) { $1 }
                var rows: [RecordingRow] = []
                for path in paths where known["ticks/" + path.relative]?.isComplete != true {
                    do throws(MarketDataError) {
                        let file = try RecordedFile(lookingAt: path, in: directory)
                        rows.append(
                            RecordingRow(
                                feedName: path.feed, path: "ticks/" + path.relative,
                                isComplete: file.isComplete, recordCount: file.recordCount,
                                byteCount: file.byteCount, firstTime: file.firstTime, lastTime: file.lastTime)
                        )
                    } catch {
                        report("recording \(path.relative): \(error)")
                    }
                }
                try store.upsertRecordings(rows)
                let there = Set(paths.map { "ticks/" + $0.relative })
                try store.removeRecordings(known.keys.filter { !there.contains($0) }.sorted())
            }
        }
    }

    /// Whether a feed plays something that lies in files already, or can be made again from its seed.
    func isReplay(_ row: FeedRow) -> Bool {
        if let known = replays[row.id], known.generation == row.configGeneration { return known.isReplay }
        let configuration = try? FeedConfiguration(feedName: row.name, kind: row.kind, json: row.configJSON)
        let feed = configuration.flatMap { try? settings.feeds.makeFeed($0) }
        // One that cannot be made ends in error anyhow.
        let isReplay = feed.map { !$0.isLive } ?? false
        replays[row.id] = (row.configGeneration, isReplay)
        return isReplay
    }
}

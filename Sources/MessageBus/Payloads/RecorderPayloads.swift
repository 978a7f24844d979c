package import TradingModel

/// What the recorder is to record (`recorder:settings`, retained): published by the manager whenever it changes.
package struct RecorderSettingsPayload: BusPayload, Equatable {
    /// A feed that is recorded.
    package struct Feed: Codable, Equatable, Sendable {
        package var name: String
        /// The source number of its records frames.
        package var number: UInt16

        package init(name: String, number: UInt16) {
            self.name = name
            self.number = number
        }
    }

    /// The feeds that are recorded, by name.
    package var feeds: [Feed]
    /// Free bytes of the disk below which nothing is recorded.
    package var floorBytes: Int
    /// Bytes after which a file is followed by another one.
    package var fileBytesMax: Int

    package init(feeds: [Feed], floorBytes: Int, fileBytesMax: Int) {
        self.feeds = feeds
        self.floorBytes = floorBytes
        self.fileBytesMax = fileBytesMax
    }

    private enum CodingKeys: String, CodingKey {
        case feeds
        case floorBytes = "floor_bytes"
        case fileBytesMax = "file_bytes_max"
    }
}

/// How the recorder does (`recorder:status`, retained), once a second.
package struct RecorderStatusPayload: BusPayload, Equatable {
    /// A file that is open, or was closed lately.
    package struct File: Codable, Equatable, Sendable {
        package var feed: String
        /// Below the ticks directory.
        package var path: String
        /// Whether it was closed in order.
        package var isComplete: Bool
        package var records: Int
        package var byteCount: Int
        /// Receive times; `nil` without records.
        package var firstTime: Timestamp?, lastTime: Timestamp?

        package init(
            feed: String, path: String, isComplete: Bool, records: Int, byteCount: Int, firstTime: Timestamp?,
            lastTime: Timestamp?
        ) {
            self.feed = feed
            self.path = path
            self.isComplete = isComplete
            self.records = records
            self.byteCount = byteCount
            self.firstTime = firstTime
            self.lastTime = lastTime
        }

        private enum CodingKeys: String, CodingKey {
            case feed, path, records
            case isComplete = "complete"
            case byteCount = "bytes"
            case firstTime = "first_time"
            case lastTime = "last_time"
        }
    }

    package var processID: Int32
    package var time: Timestamp
    /// Records written since it was started.
    package var records: UInt64
    /// Records dropped because too many waited for the disk.
    package var dropped: UInt64
    /// Bytes that wait for the disk.
    package var queueBytes: Int
    /// Free bytes of the disk; `nil` when it does not say.
    package var freeBytes: Int?
    /// Why something is not recorded that should be.
    package var alarm: String?
    package var files: [File]

    package init(
        processID: Int32, time: Timestamp, records: UInt64 = 0, dropped: UInt64 = 0, queueBytes: Int = 0,
        freeBytes: Int? = nil, alarm: String? = nil, files: [File] = []
    ) {
        self.processID = processID
        self.time = time
        self.records = records
        self.dropped = dropped
        self.queueBytes = queueBytes
        self.freeBytes = freeBytes
        self.alarm = alarm
        self.files = files
    }

    private enum CodingKeys: String, CodingKey {
        case time, records, dropped, alarm, files
        case processID = "pid"
        case queueBytes = "queue_bytes"
        case freeBytes = "free_bytes"
    }
}

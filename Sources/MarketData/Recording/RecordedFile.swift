package import TradingModel

/// What is known of one file of recordings.
package struct RecordedFile: Equatable, Sendable {
    package var path: RecordingPath
    /// Whether it was closed in order.
    package var isComplete: Bool
    package var recordCount: Int
    package var byteCount: Int
    /// Receive times; `nil` without records.
    package var firstTime: Timestamp?, lastTime: Timestamp?

    package init(
        path: RecordingPath, isComplete: Bool, recordCount: Int, byteCount: Int, firstTime: Timestamp?,
        lastTime: Timestamp?
    ) {
        self.path = path
        self.isComplete = isComplete
        self.recordCount = recordCount
        self.byteCount = byteCount
        self.firstTime = firstTime
        self.lastTime = lastTime
    }

    /// Looks at a file below a ticks directory, reading its header and its first and last block only.
    package init(lookingAt path: RecordingPath, in directory: String) throws(MarketDataError) {
        let reader = try TickFileReader(path: directory + "/" + path.relative, tornTail: .leaveOut)
        let range = try reader.timeRange()
        self.init(
            path: path, isComplete: reader.header.isClosed, recordCount: reader.header.recordCount,
            byteCount: reader.byteCount, firstTime: range?.lowerBound, lastTime: range?.upperBound)
    }
}

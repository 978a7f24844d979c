/// How long a peer has been in the middle of one frame, counted in seconds by whoever calls it once a second.
///
/// A peer that is silent between frames is idle, and may be so for ever; one that is silent within a frame, or sends
/// it byte by byte, holds memory. Pure.
struct FrameWatch {
    private var frameCount: UInt64 = 0
    private var seconds: Int64 = 0

    /// Takes note of another second.
    ///
    /// - Parameters:
    ///   - isUnfinished: whether a part of a frame is there, and the peer is the one to go on.
    ///   - frameCount: whole frames so far.
    /// - Returns: seconds for which the same frame has been unfinished.
    mutating func secondPassed(isUnfinished: Bool, frameCount: UInt64) -> Int64 {
        if isUnfinished, frameCount == self.frameCount { seconds += 1 } else { seconds = 0 }
        self.frameCount = frameCount
        return seconds
    }
}

package import TradingModel

/// One step of a walk-forward: parameters are chosen on one period and tried on the one after it.
package struct WalkForwardWindow: Equatable, Sendable {
    /// From 0.
    package var index: Int
    package var inSampleFrom: Timestamp
    /// The end of the in-sample period, and the beginning of the out-of-sample one.
    package var outOfSampleFrom: Timestamp
    /// Not included.
    package var outOfSampleUntil: Timestamp

    /// The windows from the first record's time to the last one's. Each begins one out-of-sample length after the one
    /// before it; anchored ones keep their beginning. The last one may be shorter, when at least half of it has data.
    package static func all(
        from first: Timestamp, through last: Timestamp, inSample: Duration, outOfSample: Duration,
        isAnchored: Bool
    ) throws(BacktestError) -> [WalkForwardWindow] {
        let (inLength, outLength) = (inSample.wholeNanoseconds, outOfSample.wholeNanoseconds)
        guard inLength > 0, outLength > 0 else {
            throw BacktestError(context: "in-sample and out-of-sample periods must be longer than nothing")
        }
        let extent = last.nanoseconds - first.nanoseconds
        var windows: [WalkForwardWindow] = []
        var offset: Int64 = 0
        while offset <= extent - inLength - outLength / 2, windows.count < Limits.walkForwardWindowsMax {
            let start = first.nanoseconds + offset
            let (middle, end) = (start + inLength, start + inLength + outLength)
            windows.append(
                WalkForwardWindow(
                    index: windows.count,
                    inSampleFrom: isAnchored ? first : Timestamp(nanoseconds: start),
                    outOfSampleFrom: Timestamp(nanoseconds: middle),
                    // The last record is part of the last window.
                    outOfSampleUntil: Timestamp(nanoseconds: min(end, last.nanoseconds + 1))))
            offset += outLength
        }
        guard !windows.isEmpty else {
            throw BacktestError(
                context:
                    "the data lasts \(NumberText.duration(seconds: Double(extent) / 1e9)), which is too short for"
                    + " an in-sample period of \(NumberText.duration(seconds: Double(inLength) / 1e9)) and half an"
                    + " out-of-sample period of \(NumberText.duration(seconds: Double(outLength) / 1e9))")
        }
        return windows
    }
}

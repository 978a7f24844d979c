import Backtesting
import CPlatform
import TradingModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A bar of how far something is, with its rate and the time left; drawn on a terminal only.
struct ProgressLine {
    private static let barWidth = 30
    private static let redrawInterval: Duration = .milliseconds(100)

    private let unit: String
    private let isShown: Bool
    private let started = ContinuousClock.now
    private var nextDraw = ContinuousClock.now
    private var isDrawn = false

    /// `unit` is what is counted, such as `records`. Standard error must be a terminal for anything to appear.
    init(unit: String, isShown: Bool = isatty(2) == 1) {
        self.unit = unit
        self.isShown = isShown
    }

    /// Draws the line anew, at most ten times a second.
    mutating func update(done: Int, of total: Int) {
        guard isShown else { return }
        let now = ContinuousClock.now
        guard now >= nextDraw else { return }
        nextDraw = now + Self.redrawInterval
        isDrawn = true
        let seconds = Double((now - started).wholeNanoseconds) / 1e9
        Self.write("\r" + Self.text(done: done, of: total, seconds: seconds, unit: unit) + "\u{1B}[K")
    }

    /// Takes the line away.
    mutating func clear() {
        if isDrawn { Self.write("\r\u{1B}[K") }
        isDrawn = false
    }

    /// Such as `[#####-----]  50 %  12.0 million records/s  3 s left`.
    static func text(done: Int, of total: Int, seconds: Double, unit: String) -> String {
        let share = total > 0 ? min(1, max(0, Double(done) / Double(total))) : 0
        let filled = Int(share * Double(barWidth))
        let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: barWidth - filled)
        let rate = seconds > 0 ? Double(done) / seconds : 0
        let left = rate > 0 ? Double(max(0, total - done)) / rate : nil
        let rateText =
            rate >= 1e6
            ? NumberText.fixed(rate / 1e6, 1) + " million" : NumberText.fixed(rate, rate < 10 ? 1 : 0)
        let percent = NumberText.fixed(share * 100, 0)
        return "[\(bar)] \(String(repeating: " ", count: max(0, 3 - percent.count)))\(percent) %"
            + "  \(rateText) \(unit)/s  \(NumberText.duration(seconds: left)) left"
    }

    private static func write(_ text: String) {
        let bytes = Array(text.utf8)
        // A terminal that has gone is no reason to stop.
        _ = bytes.withUnsafeBytes { cplatform_write_all(2, $0.baseAddress, $0.count) }
    }
}

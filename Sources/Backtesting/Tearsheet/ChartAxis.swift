import TradingModel

/// A linear scale from values to positions in a drawing, with round marks.
struct ChartAxis {
    let low: Double
    let high: Double
    /// Positions of `low` and `high`.
    let from: Double
    let to: Double

    /// A scale over values; one that has no extent gets some around it.
    init(_ low: Double, _ high: Double, from: Double, to: Double, margin: Double = 0) {
        let extent = high - low
        let padding = extent > 0 ? extent * margin : max(abs(low) * 0.01, 1e-9)
        self.low = low - padding
        self.high = high + padding
        self.from = from
        self.to = to
    }

    func position(_ value: Double) -> Double { from + (value - low) / (high - low) * (to - from) }

    /// Round values within the scale, about as many as asked for: multiples of 1, 2 or 5 times a power of ten.
    func ticks(_ wanted: Int) -> [Double] {
        let raw = (high - low) / Double(max(wanted, 1))
        guard raw > 0, raw.isFinite else { return [] }
        var power = 1.0
        while power > raw { power /= 10 }
        while power * 10 <= raw { power *= 10 }
        let step = [1.0, 2, 5, 10].map { $0 * power }.first { $0 >= raw } ?? power * 10
        var ticks: [Double] = []
        var index = (low / step).rounded(.up)
        while index * step <= high, ticks.count < 50 {
            ticks.append(index * step)
            index += 1
        }
        return ticks
    }

    /// Decimals that tell the marks apart.
    static func places(_ ticks: [Double]) -> Int {
        guard ticks.count > 1 else { return 2 }
        var step = abs(ticks[1] - ticks[0])
        var places = 0
        while step < 0.999, places < 8 {
            step *= 10
            places += 1
        }
        return places
    }

    /// Times that are round in UTC, within the scale (values are seconds since the epoch), with their texts.
    func timeTicks(_ wanted: Int) -> [(value: Double, text: String)] {
        let steps: [Double] = [
            1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400,
            172_800,
            604_800, 1_209_600, 2_592_000, 7_776_000, 15_552_000, 31_536_000, 63_072_000, 157_680_000,
            315_360_000,
        ]
        let raw = (high - low) / Double(max(wanted, 1))
        guard let step = steps.first(where: { $0 >= raw }) else { return [] }
        var ticks: [(value: Double, text: String)] = []
        var value = (low / step).rounded(.up) * step
        while value <= high, ticks.count < 50 {
            let text = Timestamp(nanoseconds: Int64(value) * 1_000_000_000).description
            let date = text.prefix(10)
            let time = text.dropFirst(11)
            // Among hours, midnight says which day begins.
            let isDate = step >= 86_400 || value.truncatingRemainder(dividingBy: 86_400) == 0
            ticks.append((value, isDate ? String(date) : String(time.prefix(step >= 60 ? 5 : 8))))
            value += step
        }
        return ticks
    }
}

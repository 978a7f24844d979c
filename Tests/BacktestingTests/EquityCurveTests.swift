import Backtesting
import Testing
import TradingModel

@Suite struct EquityCurveTests {
    @Test func coarseningGivesWhatSamplingAtTheLongerIntervalWouldHaveGiven() throws {
        var generator = SeededGenerator(seed: 3)
        var seconds: Int64 = 1_000_000
        var all: [EquityCurve.Point] = []
        for index in 0..<20_000 {
            seconds += Int64(generator.next() % 90)
            all.append(point(seconds, index))
        }
        let curve = EquityCurve(start: point(1_000_000, 0), points: all)
        #expect(curve.points.count <= 4_000 && curve.interval == .seconds(300))
        // The last of each interval, counted by itself.
        var expected: [EquityCurve.Point] = []
        for point in all {
            if let last = expected.last,
                last.time.nanoseconds / 300_000_000_000 == point.time.nanoseconds / 300_000_000_000
            {
                expected.removeLast()
            }
            expected.append(point)
        }
        #expect(curve.points == expected)
    }

    @Test func daysStayHoweverManyThereAre() throws {
        let points = (0..<6_000).map { point(Int64($0) * 86_400, $0) }
        let curve = EquityCurve(start: point(0, 0), points: points)
        #expect(curve.interval == .seconds(86_400) && curve.points == points)
    }

    private func point(_ seconds: Int64, _ equity: Int) -> EquityCurve.Point {
        EquityCurve.Point(time: Timestamp(seconds: seconds), equity: Money(equity), isExposed: false)
    }
}

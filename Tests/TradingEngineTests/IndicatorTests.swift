import Testing
import TradingEngine
import TradingModel

@Suite struct IndicatorTests {
    /// A price-like series with a large offset, where naive sums of squares lose their digits.
    private static func series(_ count: Int) -> [Double] {
        var random = SeededGenerator(seed: 11)
        var value = 1_000_000.0
        return (0..<count).map { _ in
            value += random.nextNormal()
            return value
        }
    }

    private static func mean(_ values: ArraySlice<Double>) -> Double {
        values.reduce(0, +) / Double(values.count)
    }

    private static func deviation(_ values: ArraySlice<Double>) -> Double {
        let mean = mean(values)
        return (values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(values.count)).squareRoot()
    }

    @Test(arguments: [1, 2, 7, 100])
    func rollingIndicatorsAgreeWithRecomputation(length: Int) {
        let values = Self.series(5_000)
        var average = SimpleMovingAverage(length: length)
        var deviation = StandardDeviation(length: length)
        var bands = BollingerBands(length: length, width: 2.5)
        for index in values.indices {
            average.add(values[index])
            deviation.add(values[index])
            bands.add(values[index])
            let window = values[max(0, index + 1 - length)...index]
            let isReady = index + 1 >= length
            #expect(average.isReady == isReady && deviation.isReady == isReady && bands.isReady == isReady)
            #expect(abs(average.value - Self.mean(window)) < 1e-6)
            #expect(abs(deviation.value - Self.deviation(window)) < 1e-4)
            #expect(abs(bands.upper - (Self.mean(window) + 2.5 * Self.deviation(window))) < 1e-3)
            #expect(abs(bands.lower - (Self.mean(window) - 2.5 * Self.deviation(window))) < 1e-3)
            #expect(abs(bands.value - Self.mean(window)) < 1e-6)
        }
    }

    @Test func exponentialAverageAgreesWithItsDefinition() {
        let values = Self.series(500)
        var average = ExponentialMovingAverage(length: 9, seed: .firstValue)
        var expected = values[0]
        for index in values.indices {
            average.add(values[index])
            if index > 0 { expected = 0.2 * values[index] + 0.8 * expected }
            #expect(abs(average.value - expected) < 1e-6)
            #expect(average.isReady == (index >= 8))
        }
    }

    @Test func deviationOfAConstantIsZeroAndHasNoScore() {
        var deviation = StandardDeviation(length: 5)
        for _ in 0..<12 { deviation.add(0.1) }
        #expect(deviation.value < 1e-9)
        var flat = StandardDeviation(length: 3)
        for _ in 0..<6 { flat.add(2) }
        #expect(flat.zScore(5) == 0)
    }

    @Test func scoreCountsDeviationsFromTheMean() {
        var deviation = StandardDeviation(length: 4)
        for value in [2.0, 4, 2, 4] { deviation.add(value) }
        #expect(deviation.mean == 3)
        #expect(deviation.zScore(5) == 2)
        #expect(deviation.zScore(2) == -1)
    }
}

import Testing
import TradingEngine
import TradingModel

/// Long runs and damaged state.
@Suite struct IndicatorStateTests {
    private static let length = 250

    /// After ten million values far from zero each indicator says what a fresh one says about the window alone.
    @Test func tenMillionUpdatesLeaveNoDrift() {
        var random = SeededGenerator(seed: 3)
        var price = 50_000.0
        var average = SimpleMovingAverage(length: Self.length)
        var weighted = WeightedMovingAverage(length: Self.length)
        var deviation = StandardDeviation(length: Self.length)
        var window: [Double] = []
        // Not a multiple of the length, so that the last fresh start is not the newest value.
        for step in 0..<10_000_123 {
            // Now and then a value that is a million times as large leaves its rounding errors behind.
            let spike = step % 1_000_003 == 17 ? 5e10 : 0
            price += Double(Int64(bitPattern: random.next()) % 1_000) * 1e-3
            price = min(max(price, 40_000), 60_000)
            let value = price + spike
            average.add(value)
            weighted.add(value)
            deviation.add(value)
            if step >= 10_000_123 - Self.length { window.append(value) }
        }
        let mean = window.reduce(0, +) / Double(Self.length)
        var numerator = 0.0
        var squares = 0.0
        for (index, value) in window.enumerated() {
            numerator += Double(index + 1) * value
            squares += (value - mean) * (value - mean)
        }
        let weightedMean = numerator / Double(Self.length * (Self.length + 1) / 2)
        let spread = (squares / Double(Self.length)).squareRoot()
        #expect(abs(average.value / mean - 1) < 1e-12)
        #expect(abs(weighted.value / weightedMean - 1) < 1e-12)
        #expect(abs(deviation.mean / mean - 1) < 1e-12)
        #expect(abs(deviation.value / spread - 1) < 1e-9)
    }

    @Test func sessionAverageOfMillionsOfTradesIsNotBlunted() {
        var average = VolumeWeightedAveragePrice()
        for index in 0..<3_000_000 {
            average.add(0.1, size: 0.1, at: Timestamp(nanoseconds: Int64(index)))
        }
        #expect(abs(average.value - 0.1) < 1e-15)
        #expect(abs(average.sessionVolume - 300_000) < 1e-9)
        average.add(7, size: 1, at: Timestamp(seconds: 86_400))
        #expect(average.value == 7)
    }

    @Test func extremesAreThoseOfTheWindow() {
        var random = SeededGenerator(seed: 5)
        for length in [1, 2, 3, 10, 64] {
            var largest = RollingMaximum(length: length)
            var smallest = RollingMinimum(length: length)
            var values: [Double] = []
            for _ in 0..<2_000 {
                // Few different values, so that equal ones are common.
                values.append(Double(random.next() % 7))
                largest.add(values[values.count - 1])
                smallest.add(values[values.count - 1])
                let window = values.suffix(length)
                #expect(largest.value == window.max() && smallest.value == window.min())
                #expect(largest.isReady == (values.count >= length))
            }
        }
    }

    @Test func stateOfOtherSettingsIsRefused() throws {
        var source = SimpleMovingAverage(length: 10)
        source.add(1)
        var writer = StateWriter()
        writer.append(source)
        let state = writer.state(version: 1)
        var reader = StateReader(state)
        var other = SimpleMovingAverage(length: 20)
        let error = #expect(throws: StateError.self) { try reader.read(into: &other) }
        #expect(
            error?.description == "the state is one of values 10, not 20: parameters have changed")
    }

    @Test func everyTruncationOfAStateIsRefused() throws {
        var source = MACD(fast: 3, slow: 5, signal: 2)
        for value in 0..<9 { source.add(Double(value * value)) }
        var writer = StateWriter()
        writer.append(source)
        let whole = writer.state(version: 1)
        for count in 0..<whole.bytes.count {
            var reader = StateReader(SavedState(version: 1, bytes: Array(whole.bytes.prefix(count))))
            var target = MACD(fast: 3, slow: 5, signal: 2)
            #expect(throws: StateError.self, "\(count) bytes") { try reader.read(into: &target) }
        }
    }

    @Test func randomBytesNeverTrap() {
        var random = SeededGenerator(seed: 9)
        for _ in 0..<2_000 {
            let bytes = (0..<200).map { _ in UInt8(truncatingIfNeeded: random.next() % 3) }
            var reader = StateReader(SavedState(version: 1, bytes: bytes))
            var extremes = DonchianChannel(length: 4)
            if (try? reader.read(into: &extremes)) != nil { extremes.add(high: 2, low: 1) }
            var second = StateReader(SavedState(version: 1, bytes: bytes))
            var index = AverageDirectionalIndex(length: 3)
            if (try? second.read(into: &index)) != nil { index.add(high: 2, low: 1, close: 1.5) }
        }
    }

    @Test func valuesOfEveryKindComeBack() throws {
        var writer = StateWriter()
        writer.append(-5)
        writer.append(UInt64.max)
        writer.append(Int64.min)
        writer.append(-0.0)
        writer.append(true)
        writer.append(Price("1.23456789")!)
        writer.append(Timestamp(nanoseconds: 7))
        writer.append("größer")
        var reader = StateReader(writer.state(version: 3))
        #expect(try reader.read(Int.self) == -5)
        #expect(try reader.read(UInt64.self) == .max)
        #expect(try reader.read(Int64.self) == .min)
        #expect(try reader.read(Double.self).sign == .minus)
        #expect(try reader.read(Bool.self))
        #expect(try reader.read(Price.self) == Price("1.23456789")!)
        #expect(try reader.read(Timestamp.self) == Timestamp(nanoseconds: 7))
        #expect(try reader.read(String.self) == "größer")
        #expect(reader.isAtEnd)
        #expect(throws: StateError.self) { try reader.read(Bool.self) }
    }
}

import Testing
import TradingModel

@testable import TradingEngine

/// Bars from ticks beside a second, naive way of making them.
@Suite struct BarTests {
    private static let second: Int64 = 1_000_000_000
    private static let day: Int64 = 86_400 * second

    private struct Tick {
        var time: Int64
        var price: Int64
        var size: Int64
    }

    private struct Made: Equatable {
        var close: Int64
        var bar: Bar
    }

    /// Trades with pauses and jumps over four days, from a seed.
    private func ticks(seed: UInt64) -> [Tick] {
        var generator = SeededGenerator(seed: seed)
        var time = 20_000 * Self.day + Int64(generator.next() % 1_000) * Self.second
        return (0..<3_000).map { _ in
            let step = generator.next() % 100
            time += step == 0 ? Int64(generator.next() % 20_000) * Self.second : Int64(step) * Self.second / 3
            return Tick(
                time: time, price: 1_000 + Int64(generator.next() % 200), size: Int64(generator.next() % 50))
        }
    }

    private func bar(_ ticks: ArraySlice<Tick>, duration: Int64) -> Bar {
        Bar(
            open: Price(Int(ticks[ticks.startIndex].price)), high: Price(Int(ticks.map(\.price).max() ?? 0)),
            low: Price(Int(ticks.map(\.price).min() ?? 0)),
            close: Price(Int(ticks[ticks.endIndex - 1].price)),
            volume: Quantity(Int(ticks.reduce(0) { $0 + $1.size })), durationNanoseconds: duration)
    }

    /// What the engine makes of them.
    private func engineBars(_ ticks: [Tick], _ subscribe: @escaping (StrategyContext) -> Void) -> [Made] {
        let harness = EngineHarness()
        harness.strategy.start = subscribe
        harness.engine.start(at: Timestamp(nanoseconds: ticks[0].time))
        for tick in ticks {
            harness.engine.process(
                .trade(
                    Trade(price: Price(Int(tick.price)), size: Quantity(Int(tick.size))),
                    token: EngineHarness.token, eventTime: Timestamp(nanoseconds: tick.time),
                    receiveTime: Timestamp(nanoseconds: tick.time), sequence: 0))
        }
        return harness.strategy.bars.map { Made(close: $0.time.nanoseconds, bar: $0.bar) }
    }

    /// Ticks grouped by the bar they belong to; the last group is a bar under way.
    private func grouped(_ ticks: [Tick], by key: (Tick) -> Int64) -> [ArraySlice<Tick>] {
        var groups: [ArraySlice<Tick>] = []
        var start = 0
        for index in ticks.indices where index > 0 && key(ticks[index]) != key(ticks[index - 1]) {
            groups.append(ticks[start..<index])
            start = index
        }
        return groups + [ticks[start...]]
    }

    @Test(arguments: [1, 60, 300, 3_600, 86_400, 7] as [Int64], [1, 2] as [UInt64])
    func timeBarsAreThoseOfAResampling(_ seconds: Int64, _ seed: UInt64) {
        let ticks = ticks(seed: seed)
        let interval = seconds * Self.second
        let made = engineBars(ticks) { $0.subscribeBars(EngineHarness.token, every: .seconds(seconds)) }
        let expected = grouped(ticks) { $0.time / interval }.dropLast().map { group in
            Made(
                close: (group[group.startIndex].time / interval + 1) * interval,
                bar: bar(group, duration: interval))
        }
        #expect(made == Array(expected))
        #expect(made.count > 2)
    }

    /// 14:30 UTC; sessions cut bars that do not divide a day.
    @Test(arguments: [3_600, 5_400, 36_000, 86_400] as [Int64])
    func barsOfASessionAreCountedFromItsStart(_ seconds: Int64) {
        let ticks = ticks(seed: 3)
        let interval = seconds * Self.second
        let start = (14 * 3_600 + 1_800) * Self.second
        let made = engineBars(ticks) {
            $0.subscribeBars(
                EngineHarness.token, every: .seconds(seconds), sessionStart: .nanoseconds(start))
        }
        func begin(_ tick: Tick) -> Int64 {
            let session = (tick.time - start) / Self.day * Self.day + start
            return session + (tick.time - session) / interval * interval
        }
        let expected = grouped(ticks, by: begin).dropLast().map { group in
            let first = begin(group[group.startIndex])
            let session = (first - start) / Self.day * Self.day + start
            let close = min(first + interval, session + Self.day)
            return Made(close: close, bar: bar(group, duration: close - first))
        }
        #expect(made == Array(expected))
        #expect(made.count > 2)
    }

    @Test(arguments: [1, 2, 7, 100]) func tickBarsHaveSoManyTicks(_ count: Int) {
        let ticks = ticks(seed: 4)
        let made = engineBars(ticks) { $0.subscribeBars(EngineHarness.token, ticks: count) }
        let expected = (0..<ticks.count / count).map { number in
            let group = ticks[number * count..<(number + 1) * count]
            let last = group[group.endIndex - 1].time
            return Made(close: last, bar: bar(group, duration: last - group[group.startIndex].time))
        }
        #expect(made == expected)
    }

    @Test(arguments: [1, 40, 1_000]) func volumeBarsEndWithTheTradeThatFillsThem(_ volume: Int64) {
        let ticks = ticks(seed: 5)
        let made = engineBars(ticks) { $0.subscribeBars(EngineHarness.token, volume: Quantity(Int(volume))) }
        var expected: [Made] = []
        var start = 0
        var sum: Int64 = 0
        for index in ticks.indices {
            sum += ticks[index].size
            guard sum >= volume else { continue }
            let group = ticks[start...index]
            expected.append(
                Made(
                    close: ticks[index].time, bar: bar(group, duration: ticks[index].time - ticks[start].time)
                ))
            start = index + 1
            sum = 0
        }
        #expect(made == expected)
    }

    @Test func tickBarsComeAfterTheirTickAndNotDuringAPause() {
        let harness = EngineHarness()
        harness.strategy.start = { $0.subscribeBars(EngineHarness.token, ticks: 2) }
        harness.engine.start(at: harness.at(1))
        harness.trade("100", at: 2)
        harness.trade("101", at: 3)
        #expect(harness.strategy.calls.suffix(2) == ["trade 101", "bar 101"])
        harness.engine.pause()
        harness.trade("102", at: 4)
        harness.trade("103", at: 5)
        harness.engine.resume()
        harness.trade("104", at: 6)
        #expect(!harness.strategy.calls.contains("bar 103"))
        harness.trade("105", at: 7)
        #expect(harness.strategy.calls.last == "bar 105")
    }
}

import Monitoring
import Testing
import TradingModel

@Suite struct PriceTrackTests {
    private func quote(_ second: Double, _ bid: Int, _ ask: Int) -> MarketEvent {
        MarketEvent.quote(
            Quote(bid: Price(bid), ask: Price(ask), bidSize: Quantity(1), askSize: Quantity(1)),
            token: InstrumentToken(1), eventTime: .epoch,
            receiveTime: Timestamp(nanoseconds: Int64(second * 1e9)), sequence: 1)
    }

    @Test func recordsOfASecondAreOnePointWithItsRange() {
        var track = PriceTrack()
        for event in [quote(10.1, 99, 101), quote(10.5, 89, 91), quote(10.9, 94, 96), quote(11, 100, 102)] {
            track.take(event)
        }
        #expect(track.points.map(\.time) == [Timestamp(seconds: 10), Timestamp(seconds: 11)])
        #expect(track.points[0].low == Price(90) && track.points[0].high == Price(100))
        #expect(track.points[0].last == Price(95) && track.points[1].last == Price(101))
    }

    @Test func pointsAreBoundedAndCoverAllTheTime() {
        var track = PriceTrack()
        for second in 0..<10_000 { track.take(quote(Double(second), second, second + 2)) }
        #expect(track.points.count <= PriceTrack.pointsMax && track.points.count > PriceTrack.pointsMax / 2)
        #expect(track.points.first?.time == .epoch && track.points.last?.last == Price(10_000))
        #expect(track.points.first?.low == Price(1))
        let times = track.points.map(\.time)
        #expect(times == times.sorted() && Set(times).count == times.count)
    }

    @Test func replayThatBeginsAgainBeginsTheTrackAgain() {
        var track = PriceTrack()
        track.take(quote(100, 1, 3))
        track.take(quote(5, 2, 4))
        #expect(track.points.map(\.time) == [Timestamp(seconds: 5)])
    }
}

import Testing
import TradingModel

@testable import Monitoring

@Suite struct PriceTracksTests {
    private let start = ContinuousClock.now

    private func quote(_ token: Int, _ price: Int) -> MarketEvent {
        MarketEvent.quote(
            Quote(bid: Price(price), ask: Price(price), bidSize: Quantity(1), askSize: Quantity(1)),
            token: InstrumentToken(UInt32(token)), eventTime: .epoch, receiveTime: Timestamp(seconds: 10),
            sequence: 1)
    }

    @Test func pricesOfWhatWasAskedForAreKept() {
        var tracks = PriceTracks()
        let first = tracks.ask(for: InstrumentToken(1), at: start)
        #expect(first.isNew && first.points.isEmpty && first.gone == nil)
        #expect(tracks.take([quote(1, 100), quote(2, 200)], at: start).isEmpty)
        let second = tracks.ask(for: InstrumentToken(1), at: start)
        #expect(!second.isNew && second.points.map(\.last) == [Price(100)])
        #expect(tracks.ask(for: InstrumentToken(2), at: start).points.isEmpty, "nobody had asked for it")
    }

    @Test func whatNobodyAsksForAnyMoreGoesWithTheNextRecords() {
        var tracks = PriceTracks()
        _ = tracks.ask(for: InstrumentToken(1), at: start)
        _ = tracks.ask(for: InstrumentToken(2), at: start)
        let end = start + PriceTracks.life
        #expect(tracks.take([quote(1, 100)], at: end).isEmpty)
        _ = tracks.ask(for: InstrumentToken(2), at: end)
        #expect(tracks.take([quote(2, 200)], at: end + .seconds(1)) == [InstrumentToken(1)])
        #expect(tracks.take([quote(1, 100), quote(2, 200)], at: end + .seconds(2)).isEmpty, "once")
        let again = tracks.ask(for: InstrumentToken(1), at: end + .seconds(3))
        #expect(again.isNew && again.points.isEmpty)
    }

    @Test func ofTooManyTheOneAskedForLongestAgoGoes() {
        var tracks = PriceTracks()
        for number in 1...PriceTracks.countMax {
            _ = tracks.ask(for: InstrumentToken(UInt32(number)), at: start + .seconds(number))
        }
        let later = start + .seconds(PriceTracks.countMax + 1)
        #expect(tracks.ask(for: InstrumentToken(1), at: later).gone == nil)
        #expect(tracks.ask(for: InstrumentToken(1_000), at: later).gone == InstrumentToken(2))
    }
}

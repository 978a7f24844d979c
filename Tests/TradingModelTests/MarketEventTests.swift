import Testing
import TradingModel

@Suite struct MarketEventTests {
    @Test func recordHasSixtyFourBytesWithoutPadding() {
        #expect(MemoryLayout<MarketEvent>.size == MarketEvent.byteCount)
        #expect(MemoryLayout<MarketEvent>.stride == MarketEvent.byteCount)
    }

    @Test func quoteHasTheDocumentedBytes() throws {
        let quote = Quote(
            bid: try #require(Price("1.5")), ask: try #require(Price("1.75")), bidSize: Quantity(3),
            askSize: Quantity(4))
        let event = MarketEvent.quote(
            quote, token: InstrumentToken(0x0102_0304), eventTime: Timestamp(nanoseconds: 5),
            receiveTime: Timestamp(nanoseconds: 6), sequence: 7)
        let bytes = withUnsafeBytes(of: event) { Array($0) }
        #expect(bytes[0..<24] == [5, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0])
        #expect(bytes[24..<32] == [4, 3, 2, 1, 1, 0, 0, 0])
        #expect(bytes[32..<40] == [0x80, 0xD1, 0xF0, 0x08, 0, 0, 0, 0])
        #expect(event.quote == quote)
    }
}

package import TradingModel

/// Where a local reader takes its market data from, as batches of records, whatever carries them.
///
/// A bus connection (`BusClient`) is the implementation there is; a log in shared memory can stand beside it without a
/// change in any reader. Source and reader are confined to one event loop.
package protocol MarketDataSource: AnyObject {
    /// Who gets the records; held until the source is closed.
    var marketDataReader: (any MarketDataReader)? { get set }

    /// Asks for the records of instruments from now on, also after an interruption.
    func subscribe(tokens: [InstrumentToken])

    /// Gives instruments up.
    func unsubscribe(tokens: [InstrumentToken])
}

/// A reader of market data: everything it learns comes through these three calls, in order.
package protocol MarketDataReader: AnyObject {
    /// Records of one feed in the order it sent them; the memory is valid during the call only.
    func marketData(didReceive records: UnsafeBufferPointer<MarketEvent>, feed: UInt16)
    /// Records are missing, because this reader is too slow or because they were lost on their way; they would have come
    /// before what follows.
    func marketData(didMiss gap: BusGap)
    /// All that had arrived at once has been handed over: the moment to act, and to flush.
    func marketDataDidEndBatch()
}

extension MarketDataReader {
    package func marketData(didMiss gap: BusGap) {}
    package func marketDataDidEndBatch() {}
}

extension BusClient: MarketDataSource {
    package func subscribe(tokens: [InstrumentToken]) {
        subscribe(tokens.map { TopicPattern(.liveData($0)) })
    }

    package func unsubscribe(tokens: [InstrumentToken]) {
        unsubscribe(tokens.map { TopicPattern(.liveData($0)) })
    }
}

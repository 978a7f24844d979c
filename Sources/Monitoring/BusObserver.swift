import MessageBus
package import NIOCore
import Synchronization
package import TradingModel

/// Follows the bus as an observer and keeps a `BusView`; it connects again by itself for as long as it lives.
///
/// Threads: `view` and `followStrategies` may be used from any; the client is confined to the event loop.
package final class BusObserver: Sendable {
    private let eventLoop: any EventLoop
    private let socketPath: String
    private let identity: String
    private let clock: @Sendable () -> Timestamp
    private let state = Mutex(BusView())
    private let tracks = Mutex(PriceTracks())
    private let reader: NIOLoopBoundBox<Reader?>

    /// What is known now.
    package var view: BusView { state.withLock { $0 } }

    /// Makes an observer that does nothing yet. `identity` is shown among the connections of the bus.
    package init(
        socketPath: String, identity: String, eventLoop: any EventLoop,
        clock: @escaping @Sendable () -> Timestamp
    ) {
        self.socketPath = socketPath
        self.identity = identity
        self.eventLoop = eventLoop
        self.clock = clock
        reader = .makeEmptyBox(eventLoop: eventLoop)
    }

    /// Connects, and keeps connecting.
    package func start() {
        eventLoop.execute { [self] in
            let made = Reader(self)
            reader.value = made
            made.connect(socketPath: socketPath, identity: identity, eventLoop: eventLoop)
        }
    }

    /// The prices of an instrument since somebody first asked for them. They are followed for a minute from each call on,
    /// and of a market that is too fast the latest quotes only.
    package func prices(of token: InstrumentToken) -> [PriceTrack.Point] {
        let asked = tracks.withLock { $0.ask(for: token, at: .now) }
        if asked.isNew {
            eventLoop.execute { [self] in
                reader.value?.followPrices(of: token, notOf: asked.gone.map { [$0] } ?? [])
            }
        }
        return asked.points
    }

    /// Takes the prices of records; returns the instruments that are not followed any more.
    fileprivate func take(_ records: UnsafeBufferPointer<MarketEvent>) -> [InstrumentToken] {
        tracks.withLock { $0.take(records, at: .now) }
    }

    /// Whether the metrics of strategies are read from the bus too, as long as the database does not get them.
    package func followStrategies(_ isFollowing: Bool) {
        eventLoop.execute { [self] in reader.value?.followStrategies(isFollowing) }
    }

    fileprivate func update(_ body: (inout BusView) -> Void) { state.withLock { body(&$0) } }

    fileprivate func take(_ payload: ByteBuffer, topic: String) {
        let now = clock()
        update { $0.take(Array(payload.readableBytesView), topic: topic, at: now) }
    }
}

/// The end of the observer on its event loop.
private final class Reader: BusClientDelegate, MarketDataReader {
    private let observer: BusObserver
    private var client: BusClient?
    private var isFollowing = false

    init(_ observer: BusObserver) { self.observer = observer }

    func connect(socketPath: String, identity: String, eventLoop: any EventLoop) {
        let client = BusClient(
            socketPath: socketPath, role: .observer, identity: identity, eventLoop: eventLoop, delegate: self)
        self.client = client
        client.marketDataReader = self
        client.subscribe([TopicPattern(.busStatus), TopicPattern(.health), .allFeedStatus])
        client.connect()
    }

    func followStrategies(_ isFollowing: Bool) {
        guard isFollowing != self.isFollowing else { return }
        self.isFollowing = isFollowing
        if isFollowing {
            client?.subscribe([.allStrategyMetrics])
        } else {
            client?.unsubscribe([.allStrategyMetrics])
            observer.update { $0.dropMetrics() }
        }
    }

    func followPrices(of token: InstrumentToken?, notOf gone: [InstrumentToken]) {
        if !gone.isEmpty { client?.unsubscribe(gone.map { TopicPattern(.liveData($0)) }) }
        if let token { client?.subscribe([TopicPattern(.liveData(token))], conflate: true) }
    }

    func marketData(didReceive records: UnsafeBufferPointer<MarketEvent>, feed: UInt16) {
        let gone = observer.take(records)
        if !gone.isEmpty { followPrices(of: nil, notOf: gone) }
    }

    func busClientDidConnect(_ client: BusClient) { observer.update { $0.setConnected(true) } }

    func busClient(_ client: BusClient, didReceive payload: ByteBuffer, topic: String) {
        observer.take(payload, topic: topic)
    }

    func busClient(_ client: BusClient, didDisconnect reason: BusError?) {
        observer.update { $0.setConnected(false) }
    }
}

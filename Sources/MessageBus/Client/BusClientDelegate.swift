package import NIOCore
package import TradingModel

/// What a client tells its owner; every call is on the client's event loop.
package protocol BusClientDelegate: AnyObject {
    /// The broker said welcome and confirmed all subscriptions. Retained values arrive before this call.
    func busClientDidConnect(_ client: BusClient)
    /// Records of one token from one feed; the memory is valid during the call only.
    func busClient(
        _ client: BusClient, didReceive records: UnsafeBufferPointer<MarketEvent>, token: InstrumentToken,
        source: UInt16)
    /// A message on a control topic.
    func busClient(_ client: BusClient, didReceive payload: ByteBuffer, topic: String)
    /// Records are missing, because this client read too slowly or because they were lost with a broker; they would have
    /// come before what follows.
    func busClient(_ client: BusClient, didMiss gap: BusGap)
    /// All that was received at once has been handed over: the moment to act and to flush.
    func busClientDidFinishReadBatch(_ client: BusClient)
    /// A connection ended, or could not be made (told once per kind of failure until it succeeds). The client
    /// connects again by itself unless it was closed; then the reason is `nil`.
    func busClient(_ client: BusClient, didDisconnect reason: BusError?)
    /// The broker refused a publish or a subscription; the connection stays.
    func busClient(_ client: BusClient, didRefuse error: BusError)
}

extension BusClientDelegate {
    package func busClientDidConnect(_ client: BusClient) {}
    package func busClient(
        _ client: BusClient, didReceive records: UnsafeBufferPointer<MarketEvent>, token: InstrumentToken,
        source: UInt16
    ) {}
    package func busClient(_ client: BusClient, didReceive payload: ByteBuffer, topic: String) {}
    package func busClient(_ client: BusClient, didMiss gap: BusGap) {}
    package func busClientDidFinishReadBatch(_ client: BusClient) {}
    package func busClient(_ client: BusClient, didDisconnect reason: BusError?) {}
    package func busClient(_ client: BusClient, didRefuse error: BusError) {}
}

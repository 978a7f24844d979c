package import NIOCore

/// What a client tells its owner; every call is on the client's event loop. Market data goes to a `MarketDataReader`.
package protocol BusClientDelegate: AnyObject {
    /// The broker said welcome and confirmed all subscriptions. Retained values arrive before this call.
    func busClientDidConnect(_ client: BusClient)
    /// A message on a control topic.
    func busClient(_ client: BusClient, didReceive payload: ByteBuffer, topic: String)
    /// A connection ended, or could not be made (told once per kind of failure until it succeeds). The client
    /// connects again by itself unless it was closed; then the reason is `nil`.
    func busClient(_ client: BusClient, didDisconnect reason: BusError?)
    /// The broker refused a publish or a subscription; the connection stays.
    func busClient(_ client: BusClient, didRefuse error: BusError)
}

extension BusClientDelegate {
    package func busClientDidConnect(_ client: BusClient) {}
    package func busClient(_ client: BusClient, didReceive payload: ByteBuffer, topic: String) {}
    package func busClient(_ client: BusClient, didDisconnect reason: BusError?) {}
    package func busClient(_ client: BusClient, didRefuse error: BusError) {}
}

/// The bounds of the gateway protocol and its client.
package enum GatewayLimits {
    /// The protocol version that this code speaks.
    package static let version = 1
    /// Bytes of one message without its length; a longer one ends the connection before anything is allocated.
    package static let messageBytesMax = 8 << 20
    /// Reports that one query is answered with; the client asks again from the last one.
    package static let reportsPerQueryMax = 5_000
    /// Client order ids in one query; an engine has at most as many open orders.
    package static let idsPerQueryMax = 8_192
    /// Bytes waiting for a client that does not read; beyond it the client is disconnected, and comes back with `since`.
    package static let unsentBytesMax = 32 << 20
    /// Seconds that a peer may take to say hello, or welcome.
    package static let handshakeSeconds: Int64 = 5
    /// Bytes of a strategy's id.
    package static let strategyBytesMax = 128
    /// Instruments in a hello.
    package static let instrumentsMax = 4_096
}

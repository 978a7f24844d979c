internal import NIOCore
internal import TradingModel

/// The first frame of a client.
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 2 | protocol version, UInt16 |
/// | 2 | 1 | role, see `BusRole` |
/// | 3 | 1 | spare, 0 |
/// | 4 | 4 | process id, UInt32 |
/// | 8 | 2 + n | identity: UInt16 byte count, UTF-8 |
/// | | 2 + m | bus token: UInt16 byte count, bytes |
package struct Hello: Equatable, Sendable {
    package var protocolVersion: UInt16
    package var role: BusRole
    package var processID: UInt32
    /// The strategy id, the feed name, or what else names the peer.
    package var identity: String
    package var token: [UInt8]

    package init(
        role: BusRole, processID: UInt32, identity: String, token: [UInt8],
        protocolVersion: UInt16 = UInt16(FrameHeader.protocolVersion)
    ) {
        self.protocolVersion = protocolVersion
        self.role = role
        self.processID = processID
        self.identity = identity
        self.token = token
    }

    /// Reads the payload of a hello frame; throws for another layout, version or role.
    package init(parsing payload: UnsafeRawBufferPointer) throws(BusError) {
        var reader = ByteReader(payload)
        guard let version = reader.read(UInt16.self) else {
            throw BusError(.malformedFrame, "hello is cut short")
        }
        guard version == UInt16(FrameHeader.protocolVersion) else {
            throw BusError(
                .unsupportedVersion, "the peer speaks protocol version \(version), this broker speaks 1")
        }
        guard let roleByte = reader.read(UInt8.self), reader.read(UInt8.self) != nil,
            let processID = reader.read(UInt32.self)
        else { throw BusError(.malformedFrame, "hello is cut short") }
        guard let role = BusRole(rawValue: roleByte) else {
            throw BusError(.malformedFrame, "hello names the unknown role \(roleByte)")
        }
        let identity = try reader.readShortText(byteCountMax: Limits.identityBytesMax, of: "identity")
        guard let count = reader.read(UInt16.self), Int(count) <= Limits.tokenBytesMax,
            let token = reader.read(byteCount: Int(count)), reader.remainingCount == 0
        else {
            throw BusError(
                .malformedFrame, "the bus token of hello is cut short, too long or followed by more")
        }
        self.init(
            role: role, processID: processID, identity: identity, token: token, protocolVersion: version)
    }
}

/// The broker's answer to hello.
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 2 | protocol version, UInt16 |
/// | 2 | 2 | reserved, 0 |
/// | 4 | 4 | the broker's process id, UInt32 |
/// | 8 | 8 | session number: this broker's connections counted from 1, UInt64 |
/// | 16 | 4 | payload bytes a frame may have, UInt32 |
/// | 20 | 4 | market-data bytes queued for a subscriber at most, UInt32 |
/// | 24 | 4 | control bytes queued for a subscriber at most, UInt32 |
/// | 28 | 4 | patterns of one connection at most, UInt32 |
package struct Welcome: Equatable, Sendable {
    static let byteCount = 32

    package var protocolVersion = UInt16(FrameHeader.protocolVersion)
    package var brokerProcessID: UInt32
    package var session: UInt64
    package var framePayloadBytesMax = UInt32(Limits.framePayloadBytesMax)
    package var marketDataQueueBytesMax: UInt32
    package var controlQueueBytesMax: UInt32
    package var patternsMax = UInt32(Limits.patternsPerConnectionMax)

    init(brokerProcessID: UInt32, session: UInt64, limits: BrokerLimits) {
        self.brokerProcessID = brokerProcessID
        self.session = session
        marketDataQueueBytesMax = UInt32(clamping: limits.marketDataQueueBytesMax)
        controlQueueBytesMax = UInt32(clamping: limits.controlQueueBytesMax)
    }

    /// Reads the payload of a welcome frame; throws for a shorter one or another version.
    package init(parsing payload: UnsafeRawBufferPointer) throws(BusError) {
        var reader = ByteReader(payload)
        guard payload.count >= Self.byteCount, let version = reader.read(UInt16.self),
            reader.read(UInt16.self) != nil, let processID = reader.read(UInt32.self),
            let session = reader.read(UInt64.self), let payloadMax = reader.read(UInt32.self),
            let marketDataMax = reader.read(UInt32.self), let controlMax = reader.read(UInt32.self),
            let patternsMax = reader.read(UInt32.self)
        else { throw BusError(.malformedFrame, "welcome is cut short") }
        guard version == UInt16(FrameHeader.protocolVersion) else {
            throw BusError(
                .unsupportedVersion, "the broker speaks protocol version \(version), this client speaks 1")
        }
        protocolVersion = version
        brokerProcessID = processID
        self.session = session
        framePayloadBytesMax = payloadMax
        marketDataQueueBytesMax = marketDataMax
        controlQueueBytesMax = controlMax
        self.patternsMax = patternsMax
    }
}

extension ByteReader {
    /// A UInt16 byte count, then UTF-8.
    mutating func readShortText(byteCountMax: Int, of field: String) throws(BusError) -> String {
        guard let count = read(UInt16.self) else {
            throw BusError(.malformedFrame, "the \(field) is missing")
        }
        guard Int(count) <= byteCountMax else {
            throw BusError(.malformedFrame, "the \(field) has \(count) bytes, more than \(byteCountMax)")
        }
        guard let bytes = read(byteCount: Int(count)) else {
            throw BusError(.malformedFrame, "the \(field) is cut short")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw BusError(.malformedFrame, "the \(field) is not UTF-8")
        }
        return text
    }
}

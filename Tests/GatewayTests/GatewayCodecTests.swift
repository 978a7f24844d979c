import GatewayProtocol
import NIOCore
import Testing
import TradingModel

@Suite struct GatewayCodecTests {
    static let requests: [GatewayRequest] = [
        .hello(.init(strategy: "s", epoch: 3, session: 7, instruments: [Instrument(symbol: "ALPHA")])),
        .hello(.init(kind: .control)),
        .submit(
            GatewayOrder(
                Order(
                    id: OrderID(epoch: 3, count: 17), token: InstrumentToken(symbol: "ALPHA"), side: .sell,
                    type: .limit, timeInForce: .ioc, isReduceOnly: true, price: Price(e8: 10_025_000_000),
                    quantity: Quantity(2), createdAt: Timestamp(nanoseconds: 5)), symbol: "ALPHA")),
        .submit(
            GatewayOrder(
                Order(
                    id: OrderID(epoch: 3, count: 18), token: InstrumentToken(symbol: "ALPHA"), side: .buy,
                    type: .trailingStop, timeInForce: .gtd, triggerPrice: Price(9),
                    trailingOffset: .basisPoints(25), quantity: Quantity(2), createdAt: .epoch,
                    expireTime: Timestamp(nanoseconds: 77)), symbol: "ALPHA")),
        .modify(
            .init(
                id: OrderID(epoch: 3, count: 17),
                terms: OrderTerms(price: Price(4), triggerPrice: .zero, quantity: Quantity(1)))),
        .cancel(.init(id: OrderID(epoch: 3, count: 17))),
        .cancelAll(.init(request: 1, strategy: "s", epoch: 3)), .flatten(.init(request: 2)),
        .query(.init(request: 3, since: 9)),
        .query(.init(request: 4, ids: [OrderID(epoch: 1, count: 1)], externalSince: 2)),
        .ping(.init(request: 5)),
    ]

    @Test(arguments: requests) func everyRequestComesBackWhole(request: GatewayRequest) throws {
        var buffer = ByteBuffer()
        GatewayCodec.write(request, to: &buffer)
        GatewayCodec.write(GatewayRequest.ping(.init(request: 99)), to: &buffer)
        let whole = buffer
        #expect(try GatewayCodec.next(GatewayRequest.self, from: &buffer) == request)
        #expect(
            try GatewayCodec.next(GatewayRequest.self, from: &buffer) == .ping(.init(request: 99)))
        #expect(try GatewayCodec.next(GatewayRequest.self, from: &buffer) == nil)
        // At every cut of the first message there is none yet, and nothing is lost.
        let length = Int(whole.getInteger(at: 0, endianness: .little, as: UInt32.self) ?? 0) + 4
        for cut in 0..<length {
            var part = try #require(whole.getSlice(at: 0, length: cut))
            #expect(try GatewayCodec.next(GatewayRequest.self, from: &part) == nil)
            #expect(part.readableBytes == cut)
        }
    }

    @Test func theOrderOnTheWireIsWhatTheProtocolSays() throws {
        let json = String(decoding: GatewayCodec.json(Self.requests[2]), as: UTF8.self)
        #expect(
            json == #"{"id":"3-17","order_type":"limit","price":"100.25","quantity":"2","reduce_only":true,"#
                + #""side":"sell","symbol":"ALPHA","time":5,"time_in_force":"IOC","type":"submit"}"#)
    }

    static let bad: [(json: String, says: String)] = [
        ("", "not a message"), ("[]", "not a message"), ("{}", "'type' is missing"),
        (#"{"type":"buy"}"#, "type"), (#"{"type":"cancel"}"#, "'id' is missing"),
        (#"{"type":"cancel","id":"3"}"#, "'3' is not an order id such as 3-17"),
        (#"{"type":"cancel","id":"3-0"}"#, "is not an order id"),
        (
            #"{"type":"submit","id":"1-1","symbol":"A","side":"long","order_type":"limit","time_in_force":"GTC","#
                + #""quantity":"1","time":0}"#, "'long' is none of buy, sell"
        ),
    ]

    @Test(arguments: bad) func whatIsNoMessageIsRefusedWithTheReason(json: String, says: String) throws {
        var buffer = ByteBuffer()
        buffer.writeInteger(UInt32(json.utf8.count), endianness: .little)
        buffer.writeString(json)
        do {
            _ = try GatewayCodec.next(GatewayRequest.self, from: &buffer)
            Issue.record("\(json) was taken")
        } catch {
            #expect(error.code == .badMessage && error.context.contains(says), "\(error)")
        }
    }

    @Test func aLengthThatIsTooLargeIsRefusedBeforeItsBytesCome() throws {
        var buffer = ByteBuffer()
        buffer.writeInteger(UInt32(GatewayLimits.messageBytesMax + 1), endianness: .little)
        #expect(throws: GatewayError.self) { try GatewayCodec.next(GatewayRequest.self, from: &buffer) }
    }

    @Test func randomBytesNeverTrap() throws {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<2_000 {
            var buffer = ByteBuffer()
            GatewayCodec.write(try #require(Self.requests.randomElement(using: &random)), to: &buffer)
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                buffer.setInteger(
                    UInt8.random(in: .min ... .max, using: &random),
                    at: Int.random(in: 0..<buffer.readableBytes, using: &random))
            }
            _ = try? GatewayCodec.next(GatewayRequest.self, from: &buffer)
        }
    }
}

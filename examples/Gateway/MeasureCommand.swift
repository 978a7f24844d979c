import ArgumentParser
import Foundation
import GatewayProtocol
import NIOCore
import NIOPosix
import Supervision
import TradingModel

/// `order-gateway measure --socket PATH`
struct MeasureCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "measure",
        abstract: "Measure the round trip of an order and of its cancel, one after the other.",
        discussion: """
            It trades as the strategy 'measurement': a limit order far from the market, until the gateway has said that it \
            works, then its cancel, until it is canceled. Every answer is in the log before it is sent. The market must be \
            open.
            """)

    @Option(help: "The gateway's socket.") var socket: String
    @Option(help: "How many orders.") var count = 2_000

    func validate() throws {
        guard (1...1_000_000).contains(count) else { throw ValidationError("--count is 1 to 1000000") }
    }

    func run() throws {
        try exitOnFailure {
            let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
            let (submits, cancels) = try loop.flatSubmit { [socket, count] in
                let measurement = RoundTrips(socket: socket, count: count, eventLoop: loop)
                return measurement.run()
            }.wait()
            print("order to accepted:  \(Self.describe(submits))")
            print("cancel to canceled: \(Self.describe(cancels))")
        }
    }

    private static func describe(_ nanoseconds: [Int64]) -> String {
        let sorted = nanoseconds.sorted()
        func microseconds(_ share: Double) -> String {
            String(
                format: "%.0f", Double(sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]) / 1e3
            )
        }
        return
            "p50 \(microseconds(0.5)) us, p99 \(microseconds(0.99)) us, most \(microseconds(1)) us, \(sorted.count) times"
    }
}

/// Sends one order at a time over one connection and notes when its answers come. Confined to its event loop.
private final class RoundTrips {
    private let connection: GatewayConnection
    private let count: UInt32
    private let promise: EventLoopPromise<([Int64], [Int64])>
    private let epoch = UInt32(clamping: WallClock.now.nanoseconds / 1_000_000_000)
    private let instrument = Instrument(symbol: "MEASUREMENT")
    private var sent: UInt32 = 0
    private var since = NIODeadline.now()
    private var submits: [Int64] = []
    private var cancels: [Int64] = []

    init(socket: String, count: Int, eventLoop: any EventLoop) {
        connection = GatewayConnection(socketPath: socket, eventLoop: eventLoop)
        self.count = UInt32(count)
        promise = eventLoop.makePromise()
    }

    func run() -> EventLoopFuture<([Int64], [Int64])> {
        connection.onAnswer = { [self] in take($0) }
        connection.onEnd = { [self] in promise.fail($0) }
        connection.send(
            .hello(.init(strategy: "measurement", epoch: epoch, session: 1, instruments: [instrument])))
        connection.send(.query(.init(request: 1, ids: [], externalSince: .max)))
        connection.connect()
        return promise.futureResult
    }

    private func take(_ answer: GatewayAnswer) {
        switch answer {
        case .state: submit()
        case .report(let report):
            let taken = (NIODeadline.now() - since).nanoseconds
            switch report.event {
            case .accepted:
                submits.append(taken)
                send(.cancel(.init(id: report.id.value)))
            case .canceled:
                cancels.append(taken)
                submit()
            default:
                fail("the gateway did not take the order: \(report.event.rawValue) \(report.reason ?? "")")
            }
        case .failure(let failure): fail(failure.text)
        case .refused(let refused): fail("refused: \(refused.reason)")
        case .welcome, .known, .done, .pong: break
        }
    }

    private func submit() {
        guard sent < count else {
            connection.close()
            return promise.succeed((submits, cancels))
        }
        sent += 1
        let order = Order(
            id: OrderID(epoch: epoch, count: sent), token: instrument.token, side: .buy, type: .limit,
            isPostOnly: true, price: Price(e8: 1), quantity: Quantity(1), createdAt: .epoch)
        send(.submit(GatewayOrder(order, symbol: instrument.symbol)))
    }

    private func send(_ request: GatewayRequest) {
        since = .now()
        connection.send(request)
        connection.flush()
    }

    private func fail(_ text: String) {
        connection.close()
        promise.fail(GatewayError(.refused, text))
    }
}

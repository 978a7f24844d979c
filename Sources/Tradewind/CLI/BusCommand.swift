import ArgumentParser
import ControlPlane
import Foundation
import MarketData
import MessageBus
import NIOCore
import NIOPosix
import TradingModel

/// `tradewind bus ...`
struct BusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bus", abstract: "Look at what passes on the bus, publish, serve one alone, measure it.",
        subcommands: [Tail.self, Publish.self, Serve.self, Bench.self])

    /// `tradewind bus tail PATTERN...`
    struct Tail: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print what passes, as a subscriber sees it, until Ctrl-C.",
            discussion: """
                Patterns: live_data:* or live_data:{token}, strategy:status:*, strategy:metrics:*, strategy:health, \
                strategy:commands:*, feed:status:*, instruments:category:*, bus:status. A * at the end matches the rest.
                """)

        @OptionGroup var endpoint: BusEndpointOptions
        @Argument(help: "Topics or patterns.") var patterns: [String]
        @Option(name: .shortAndLong, help: "End after so many messages and records.") var number: Int?

        func validate() throws {
            if let number, number < 1 { throw ValidationError("-n takes 1 or more") }
        }

        func run() throws {
            try reporting {
                let topics = try patterns.map { text in
                    guard let pattern = TopicPattern(text) else {
                        throw CommandLineError(
                            ExitCodes.usage, "'\(text)' is no topic; see --help for what there is")
                    }
                    return pattern
                }
                let socketPath = try endpoint.socketPath()
                let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
                let loop = group.next()
                let text = MarketEventText(instruments: try endpoint.instruments())
                let limit = number ?? .max
                let ended = try loop.submit {
                    let printer = BusPrinter(text: text, limit: limit, ended: loop.makePromise())
                    let client = BusClient(
                        socketPath: socketPath, role: .observer, identity: "tail", eventLoop: loop,
                        delegate: printer)
                    printer.client = client
                    client.marketDataReader = printer
                    client.subscribe(topics)
                    client.connect()
                    return printer.ended.futureResult
                }.wait()
                try ended.wait()
            }
        }
    }
}

/// Prints what a bus client receives. Confined to the client's event loop; the client holds it until it is closed.
private final class BusPrinter: BusClientDelegate, MarketDataReader {
    let ended: EventLoopPromise<Void>
    var client: BusClient?
    private let text: MarketEventText
    private var remaining: Int

    init(text: MarketEventText, limit: Int, ended: EventLoopPromise<Void>) {
        self.text = text
        self.ended = ended
        remaining = limit
    }

    func marketData(didReceive records: UnsafeBufferPointer<MarketEvent>, feed: UInt16) {
        for record in records { write("live_data:\(record.token) \(text.jsonLine(record))") }
    }

    func busClient(_ client: BusClient, didReceive payload: ByteBuffer, topic: String) {
        write("\(topic) \(String(decoding: payload.readableBytesView, as: UTF8.self))")
    }

    func marketData(didMiss gap: BusGap) {
        let cause =
            gap.cause == .slowReader
            ? "were dropped, because this reader is slower than they come" : "were lost with the bus"
        write("gap: \(gap.droppedCount) records \(cause)")
    }

    func busClient(_ client: BusClient, didDisconnect reason: BusError?) {
        if remaining > 0, let reason { printError("\(reason); trying again") }
    }

    private func write(_ line: String) {
        guard remaining > 0 else { return }
        remaining -= 1
        print(line)
        guard remaining == 0 else { return }
        fflush(nil)
        client?.close()
        ended.succeed()
    }
}

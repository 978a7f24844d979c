import ArgumentParser
import Foundation
import MessageBus
import NIOCore
import NIOPosix

extension BusCommand {
    /// `tradewind bus publish TOPIC CONTENT`
    struct Publish: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Publish one message, or one for each line of standard input.",
            discussion: """
                For tests and tools of your own. Strategies are controlled by rows of strategy_commands, which survive a \
                restart and say what came of them; a home's bus therefore takes no commands from here. Market data travels \
                as records frames: add a feed.
                """)

        @OptionGroup var endpoint: BusEndpointOptions
        @Argument(help: "The topic, such as feed:status:mine.") var topic: String
        @Argument(help: "The content, usually a JSON object; - reads lines from standard input.")
        var content: String

        func run() throws {
            try reporting {
                let topic = try checkedTopic()
                let socketPath = try endpoint.socketPath()
                let token = try endpoint.managerToken(identity: "cli")
                let messages = try self.messages()
                let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
                let loop = group.next()
                let ended = loop.makePromise(of: Void.self)
                loop.execute {
                    let publisher = MessagePublisher(topic: topic, messages: messages, ended: ended)
                    let client = BusClient(
                        socketPath: socketPath, role: .manager, identity: "cli", token: token,
                        eventLoop: loop,
                        delegate: publisher)
                    client.connect()
                }
                try ended.futureResult.wait()
            }
        }

        private func checkedTopic() throws -> Topic {
            guard let topic = Topic(topic) else {
                throw CommandLineError(
                    ExitCodes.usage, "'\(topic)' is no topic; 'tradewind bus tail --help' says what there is")
            }
            switch topic {
            case .liveData:
                throw CommandLineError(
                    ExitCodes.usage, "market data is no message: add a feed with 'tradewind feeds add'")
            case .busStatus:
                throw CommandLineError(ExitCodes.usage, "bus:status is the broker's own")
            case .strategyCommands, .globalCommands:
                guard endpoint.socket != nil else {
                    throw CommandLineError(
                        ExitCodes.usage,
                        "commands are rows: use 'tradewind stop NAME' and the like, or insert into strategy_commands"
                    )
                }
                return topic
            default: return topic
            }
        }

        private func messages() throws -> [[UInt8]] {
            guard content == "-" else { return [try checked(Array(content.utf8), line: 1)] }
            var messages: [[UInt8]] = []
            while let line = readLine() {
                messages.append(try checked(Array(line.utf8), line: messages.count + 1))
            }
            return messages
        }

        private func checked(_ content: [UInt8], line: Int) throws -> [UInt8] {
            let bound = MessageBus.Limits.framePayloadBytesMax - MessageBus.Limits.topicBytesMax - 2
            guard content.count <= bound else {
                throw CommandLineError(
                    ExitCodes.badData, "message \(line) has \(content.count) bytes, more than \(bound)")
            }
            return content
        }
    }
}

/// Publishes messages in order, waiting where the bus is full, and ends once the broker has taken all of them.
private final class MessagePublisher: BusClientDelegate {
    private let topic: Topic
    private let messages: [[UInt8]]
    private let ended: EventLoopPromise<Void>
    private var next = 0
    private var failure: BusError?

    init(topic: Topic, messages: [[UInt8]], ended: EventLoopPromise<Void>) {
        self.topic = topic
        self.messages = messages
        self.ended = ended
    }

    func busClientDidConnect(_ client: BusClient) {
        client.onWritable = { [self] in publish(client) }
        publish(client)
    }

    func busClient(_ client: BusClient, didRefuse error: BusError) {
        failure = failure ?? error
    }

    func busClient(_ client: BusClient, didDisconnect reason: BusError?) {
        if let error = failure ?? reason { ended.fail(error) } else { ended.succeed() }
        client.close()
    }

    private func publish(_ client: BusClient) {
        while next < messages.count {
            guard client.publish(topic, messages[next]) == .sent else { return }
            next += 1
        }
        guard next == messages.count else { return }
        next += 1
        // Confirmed behind the messages: by then the broker has acted on them, and refused what it refuses.
        client.subscribe([]) { client.close(reason: "published") }
    }
}

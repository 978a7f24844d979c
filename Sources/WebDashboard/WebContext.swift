import Hummingbird
import Logging
import NIOCore

/// What belongs to one request.
struct WebContext: InitializableFromSource, Sendable {
    /// The connection it came on.
    let channel: any Channel

    init(source: ApplicationRequestContextSource) { channel = source.channel }
}

/// Closes a connection unless it is cancelled within some seconds: nobody may hold on to what others need.
struct Deadline {
    private let task: Scheduled<Void>

    init(_ channel: any Channel, seconds: Int64) {
        task = channel.eventLoop.scheduleTask(in: .seconds(seconds)) { channel.close(promise: nil) }
    }

    func cancel() { task.cancel() }
}

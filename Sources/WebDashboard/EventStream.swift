import HTTPTypes
import Hummingbird
import HummingbirdCore
import Monitoring
import NIOCore

/// Server-sent events: a snapshot of everything, then what changes.
enum EventStream {
    /// Answers with a stream that lasts until the client goes, or reads too slowly.
    static func answer(_ call: Route.Call) throws -> Response {
        try QueryParameters(call.request.uri).allow([])
        let site = call.site
        guard site.hub.hasRoom else {
            throw Problem(
                .serviceUnavailable, "too_many_streams",
                "there are \(Limits.streamsMax) open pages already: close one", headers: [.retryAfter: "10"])
        }
        let revision = call.request.headers[lastEventID].flatMap { site.hub.revision(ofEventID: $0) }
        let channel = call.context.channel
        let seconds = site.settings.patienceSeconds ?? Limits.writeSeconds
        return Response(
            status: .ok, headers: [.contentType: "text/event-stream"],
            body: ResponseBody { writer in
                // Taken here, because only here it is sure to be given back.
                guard let subscription = site.hub.subscribe() else { return try await writer.finish(nil) }
                site.monitor.beginWatching()
                defer {
                    site.monitor.endWatching()
                    site.hub.unsubscribe(subscription)
                }
                let monitor = site.monitor
                site.hub.update(try await site.blocking { monitor.state(maxAge: .milliseconds(500)) })
                try await write(Array("retry: 1000\n\n".utf8), to: &writer, channel, within: seconds)
                // A client that goes ends the stream at once, instead of at the next write that fails.
                try await call.request.body.consumeWithInboundCloseHandler { _ in
                    try await send(site.hub, subscription, since: revision, to: &writer, channel, seconds)
                } onInboundClosed: {
                    site.hub.unsubscribe(subscription)
                }
                try await writer.finish(nil)
            })
    }

    private static func send(
        _ hub: LiveHub, _ subscription: LiveHub.Subscription, since: Int64?,
        to writer: inout any ResponseBodyWriter, _ channel: any Channel, _ seconds: Int64
    ) async throws {
        var revision = since
        var lastWrite = ContinuousClock.now
        var wakes = subscription.wakes.makeAsyncIterator()
        repeat {
            if let message = hub.message(since: revision) {
                revision = message.revision
                try await write(message.bytes, to: &writer, channel, within: seconds)
                lastWrite = .now
            } else if ContinuousClock.now - lastWrite > .seconds(Limits.keepAliveSeconds) {
                // A machine that is gone says nothing, and is noticed when it is written to.
                try await write(Array(":\n\n".utf8), to: &writer, channel, within: seconds)
                lastWrite = .now
            }
        } while await wakes.next() != nil
    }

    private static func write(
        _ bytes: [UInt8], to writer: inout any ResponseBodyWriter, _ channel: any Channel,
        within seconds: Int64
    ) async throws {
        let deadline = Deadline(channel, seconds: seconds)
        defer { deadline.cancel() }
        try await writer.write(ByteBuffer(bytes: bytes))
    }

    // A constant of letters and hyphens is the name of a header, so this is not nil.
    private static let lastEventID = HTTPField.Name("Last-Event-ID")!
}

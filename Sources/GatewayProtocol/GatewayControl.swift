package import NIOCore

/// One request of somebody who takes strategies out of the market, over a connection of its own.
package enum GatewayControl {
    /// Sends a `cancel_all` or `flatten` and waits for its end; to be called on the event loop.
    ///
    /// The future fails with `connection`, `refused` (the strategy has nothing there, in `context` the reason), or
    /// `timeout` when the answer takes longer than `seconds`: it may still happen.
    package static func ask(
        _ request: GatewayRequest, socketPath: String, seconds: Int64, eventLoop: any EventLoop
    ) -> EventLoopFuture<GatewayAnswer.Done> {
        eventLoop.preconditionInEventLoop()
        let promise = eventLoop.makePromise(of: GatewayAnswer.Done.self)
        let connection = GatewayConnection(socketPath: socketPath, eventLoop: eventLoop)
        let bound = NIOLoopBound(connection, eventLoop: eventLoop)
        let deadline = eventLoop.scheduleTask(in: .seconds(seconds)) {
            bound.value.close()
            promise.fail(
                GatewayError(.timeout, "the order gateway on \(socketPath) did not answer in \(seconds) s"))
        }
        func end(_ result: Result<GatewayAnswer.Done, any Error>) {
            deadline.cancel()
            bound.value.close()
            promise.completeWith(result)
        }
        connection.onAnswer = { answer in
            switch answer {
            case .done(let done): end(.success(done))
            case .refused(let refused): end(.failure(GatewayError(.refused, refused.reason)))
            case .failure(let failure): end(.failure(GatewayError(.refused, failure.text)))
            case .welcome, .report, .known, .state, .pong: break
            }
        }
        connection.onEnd = { end(.failure($0)) }
        connection.send(.hello(.init(kind: .control)))
        connection.send(request)
        connection.connect()
        return promise.futureResult
    }
}

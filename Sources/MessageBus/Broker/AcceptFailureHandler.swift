internal import NIOCore

/// Stops accepting for a second when the system gives no socket for a peer that waits, in most cases for want of
/// descriptors, and tells the operator.
///
/// Left alone, the loop would spin on the failing call: the listening socket stays readable. swift-nio's
/// `AcceptBackoffHandler` does not help (2.101), because it delays reads, and after a failed accept(2) the read before
/// it is still pending. Peers that wait are taken within a second of there being room again. Confined to the broker's
/// event loop.
final class AcceptFailureHandler: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private let core: BrokerCore
    private var silentUntil = NIODeadline.uptimeNanoseconds(0)

    init(core: BrokerCore) { self.core = core }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Other errors close the listening socket by themselves.
        guard let error = error as? IOError else { return context.fireErrorCaught(error) }
        report(error)
        let channel = context.channel
        channel.setOption(.autoRead, value: false).whenSuccess {
            channel.eventLoop.scheduleTask(in: .seconds(Limits.acceptPauseSeconds)) {
                channel.setOption(.autoRead, value: true)
            }
        }
    }

    private func report(_ error: IOError) {
        let now = NIODeadline.now()
        guard now >= silentUntil else { return }
        silentUntil = now + .seconds(Limits.acceptReportSeconds)
        core.report(
            "cannot accept a connection: \(SystemCall.describe(error.errnoCode)); \(core.connectionCount) are served "
                + "on, others wait. End some, or raise the limit of open descriptors (ulimit -n)")
    }
}

@available(*, unavailable)
extension AcceptFailureHandler: Sendable {}

import MessageBus
import NIOCore
package import TradingEngine
package import TradingModel

extension Executor: GatewayLinkDelegate {
    package var gatewayOpenOrders: [Order] { engine.ordersAtVenue }

    package var gatewayLastOwnOrder: UInt32 { engine.lastVenueOrder }

    package func gatewayOrder(_ id: OrderID) -> Order? { engine.order(id) }

    package func gatewayPosition(_ token: InstrumentToken) -> Quantity {
        engine.portfolio.positions.first { $0.token == token }?.quantity ?? .zero
    }

    package func gatewayLink(didReceive answers: [VenueReport], at time: Timestamp) {
        // The venue's time counts only where there is none yet: it may be ahead of the records that are to come.
        engine.deliver(answers, at: engine.time == .epoch ? time : engine.time)
    }

    package func gatewayLink(isAvailable: Bool) { engine.isVenueUnavailable = !isAvailable }

    package func gatewayLink(says text: String, isAlarming: Bool) {
        ExecutorLog.write(text)
        guard isAlarming, phase == .running else { return }
        publishStatus(engine.isPaused ? .paused : .running, error: text)
    }

    package func gatewayLinkDidEndBatch() {
        flushJournal()
        settleFlattening()
        failIfJournalFailed()
        continueStopping()
    }

    /// The link of a configuration that names an order gateway.
    static func makeLink(
        _ setup: ExecutorSetup<S>, recovered: [Order], _ eventLoop: any EventLoop
    ) -> GatewayLink? {
        guard case .gateway(let socket) = setup.venue.kind else { return nil }
        return GatewayLink(
            socketPath: socket, strategyID: setup.identity.strategyID, epoch: setup.identity.epoch,
            instruments: setup.instruments, recovered: recovered, eventLoop: eventLoop)
    }
}

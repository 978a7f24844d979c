import GatewayProtocol
import Supervision
import TradingModel

/// What is to be put on record and then said, in this order: nothing is said before it is on record.
///
/// Confined to the gateway's event loop.
final class Outbox {
    private let log: LogWriter
    private let clock: () -> Timestamp
    private var said: [(peer: Peer, answer: GatewayAnswer)] = []

    init(log: LogWriter, clock: @escaping () -> Timestamp) {
        self.log = log
        self.clock = clock
    }

    /// A line about an account, with the time.
    func line(_ kind: LogLine.Kind, _ account: Account?) -> LogLine {
        LogLine(kind, strategy: account?.strategy, at: clock())
    }

    func add(_ line: LogLine) { log.append(line) }

    func answer(_ answer: GatewayAnswer, to peer: Peer) { said.append((peer, answer)) }

    /// Says something to the strategy itself, when it is there. One that has not asked for its reports yet gets the
    /// new ones with those.
    func answer(_ answer: GatewayAnswer, to account: Account) {
        guard let peer = account.peer else { return }
        if case .report = answer, !peer.isFollowing { return }
        said.append((peer, answer))
    }

    /// Writes the lines, then sends the answers.
    func flush() throws(GatewayError) {
        try log.commit()
        guard !said.isEmpty else { return }
        let now = said
        said.removeAll(keepingCapacity: true)
        var touched: [Peer] = []
        for (peer, answer) in now {
            peer.write(answer)
            if touched.last !== peer, !touched.contains(where: { $0 === peer }) { touched.append(peer) }
        }
        for peer in touched { peer.flush() }
    }
}

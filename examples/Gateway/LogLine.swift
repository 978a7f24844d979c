import GatewayProtocol
import TradingModel

/// A line of the gateway's log: what it received and what it said, in the order in which it happened.
///
/// The log is the gateway's memory: what is written here survives the end of the process, and nothing is answered
/// before it is written here. Every line is one JSON object.
struct LogLine: Codable, Equatable {
    /// What a line says.
    enum Kind: String, Codable {
        /// A gateway process began.
        case started
        /// A strategy said hello for the first time, with a new epoch or with other instruments.
        case account
        /// An order came in; `isOwn` when the gateway made it itself.
        case order
        /// An order came in that had come before; it changes nothing.
        case duplicate
        /// Another request.
        case request
        /// Something was said about an order.
        case report
        /// New orders of processes up to `epoch` are rejected.
        case takenOut = "taken_out"
    }

    var kind: Kind
    /// Wall clock, nanoseconds since the epoch.
    var at: Int64
    var strategy: String?
    var epoch: UInt32?
    var instruments: [Instrument]?
    var order: GatewayOrder?
    var isOwn: Bool?
    var id: WireOrderID?
    var request: GatewayRequest?
    var report: GatewayReport?

    init(_ kind: Kind, strategy: String? = nil, at time: Timestamp) {
        self.kind = kind
        self.strategy = strategy
        at = time.nanoseconds
    }

    private enum CodingKeys: String, CodingKey {
        case kind, at, strategy, epoch, instruments, order, id, request, report
        case isOwn = "own"
    }
}

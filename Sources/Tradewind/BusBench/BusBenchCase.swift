import Foundation
import Histogram
import Supervision
import TradingModel

/// One measurement: a broker, subscribers and a publisher, each a process of its own.
struct BusBenchCase {
    var subscribers: Int
    var topics: Int
    var records: Int
    var batch: Int
    /// Records a second; 0 is as fast as they are taken.
    var rate: Int
    var lossless: Bool

    /// What came out.
    struct Result: Encodable {
        var subscribers: Int
        var topics: Int
        var records: Int
        var rate: Int
        var lossless: Bool
        var delivered: Int
        var dropped: UInt64
        var lost: UInt64
        var deliveriesPerSecond: Double
        /// The broker's processor time divided by the deliveries, ns.
        var brokerNanosecondsPerDelivery: Double
        var brokerResidentBytes: Int
        var publisherLateNanosecondsP99: Int64?
        /// Latency from just before the send to the receiver, ns.
        var p50: UInt64?
        var p99: UInt64?
        var p999: UInt64?
        var max: UInt64?

        private enum CodingKeys: String, CodingKey {
            case subscribers, topics, records, rate, lossless, delivered, dropped, lost
            case deliveriesPerSecond = "deliveries_per_second"
            case brokerNanosecondsPerDelivery = "broker_ns_per_delivery"
            case brokerResidentBytes = "broker_resident_bytes"
            case publisherLateNanosecondsP99 = "publisher_late_ns_p99"
            case p50 = "p50_ns"
            case p99 = "p99_ns"
            case p999 = "p999_ns"
            case max = "max_ns"
        }
    }

    /// Runs all processes in a directory of their own and waits for them, a minute at most.
    func run() throws -> Result {
        let directory = FileManager.default.temporaryDirectory.path + "/tradewind-bench-\(getpid())"
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let socket = directory + "/bus.sock"
        let processes = BusBenchProcesses(deadline: Date().addingTimeInterval(60))
        defer { processes.end() }
        let broker = try processes.start(["bus", "serve", "--socket", socket])
        try processes.waitForFile(socket)
        let readers = try (0..<subscribers).map { _ in try processes.start(peer(.subscriber, socket)) }
        for reader in readers {
            guard try reader.nextLine() == "ready" else { throw reader.failure() }
        }
        var sampler = ProcessSampler()
        let before = sampler.sample(broker.pid, now: MonotonicClock.now)
        let publisher = try processes.start(peer(.publisher, socket))
        let sent: BusBenchSent = try publisher.document()
        let received: [BusBenchReceived] = try readers.map { try $0.document() }
        guard let before, let after = sampler.sample(broker.pid, now: MonotonicClock.now) else {
            throw broker.failure()
        }
        return result(
            sent, received, brokerTime: after.cpuTime - before.cpuTime, memory: after.residentBytes)
    }

    private func peer(_ part: BusBenchSettings.Part, _ socket: String) throws -> [String] {
        let settings = BusBenchSettings(
            part: part, socket: socket, topics: topics, records: records, batch: batch, rate: rate,
            lossless: lossless)
        return [BusBenchPeer.verb, String(decoding: try JSONEncoder().encode(settings), as: UTF8.self)]
    }

    private func result(
        _ sent: BusBenchSent, _ received: [BusBenchReceived], brokerTime: Duration, memory: Int
    ) -> Result {
        let delivered = received.reduce(0) { $0 + $1.received }
        let start = received.map(\.firstSent).min() ?? 0
        let end = received.map(\.lastReceived).max() ?? 0
        var result = Result(
            subscribers: subscribers, topics: topics, records: records, rate: rate, lossless: lossless,
            delivered: delivered, dropped: received.reduce(0) { $0 + $1.dropped },
            lost: received.reduce(0) { $0 + $1.lost },
            deliveriesPerSecond: Double(delivered) / (Double(max(1, end - start)) / 1e9),
            brokerNanosecondsPerDelivery: Double(brokerTime.wholeNanoseconds) / Double(max(1, delivered)),
            brokerResidentBytes: memory)
        guard rate > 0 else { return result }
        var all = Histogram<UInt64>(numberOfSignificantValueDigits: .three)
        for pair in received.flatMap(\.latencies) where pair.count == 2 {
            _ = all.record(pair[0], count: pair[1])
        }
        result.publisherLateNanosecondsP99 = sent.lateNanosecondsP99
        result.p50 = all.valueAtPercentile(50)
        result.p99 = all.valueAtPercentile(99)
        result.p999 = all.valueAtPercentile(99.9)
        result.max = all.valueAtPercentile(100)
        return result
    }
}

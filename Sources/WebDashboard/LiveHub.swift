import ControlPlane
import Monitoring
import Synchronization
import TradingModel

/// What browsers are told as it changes: each thing with the revision at which it last changed.
///
/// A client asks for all that is newer than the last revision it has, so a slow one skips what is out of date and nobody
/// keeps a queue for it. A revision belongs to this run of the server; those of another one are answered in full.
final class LiveHub: Sendable {
    /// A client's place among those that are woken.
    struct Subscription: Sendable {
        let number: Int
        let wakes: AsyncStream<Void>
    }

    /// Something that is sent as a whole.
    private struct Part {
        var json: [UInt8] = []
        var revision: Int64 = 0
    }

    private struct State {
        var revision: Int64 = 0
        var time = Timestamp.epoch
        var lines: [String: (line: StrategyLine, part: Part)] = [:]
        var removed: [(id: String, revision: Int64)] = []
        /// Removals before this revision are forgotten; who is older gets a snapshot.
        var oldestRevision: Int64 = 0
        var sections: [String: Part] = [:]
        var commands: [Int64: (row: CommandRow, part: Part)] = [:]
        var events: [Int64: Part] = [:]
        var sparklines: [String: [Money]] = [:]
        var clients: [Int: AsyncStream<Void>.Continuation] = [:]
        var nextClient = 1
    }

    private static let removalsMax = 1_000
    private let run: String
    private let state = Mutex(State())

    init() { run = String(UInt32.random(in: .min ... .max), radix: 36) }

    // MARK: - Clients

    /// Whether another stream may begin.
    var hasRoom: Bool { state.withLock { $0.clients.count < Limits.streamsMax } }

    /// Joins those that are woken at every update; `nil` when there are enough.
    func subscribe() -> Subscription? {
        let (wakes, continuation) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        return state.withLock { state in
            guard state.clients.count < Limits.streamsMax else { return nil }
            let number = state.nextClient
            state.nextClient += 1
            state.clients[number] = continuation
            return Subscription(number: number, wakes: wakes)
        }
    }

    /// Leaves.
    func unsubscribe(_ subscription: Subscription) {
        state.withLock { $0.clients.removeValue(forKey: subscription.number) }?.finish()
    }

    // MARK: - Updates

    /// Takes the state of the engine and wakes everybody.
    func update(_ new: EngineMonitor.State) {
        let clients = state.withLock { state in
            state.revision += 1
            state.time = new.time
            Self.take(new.overview, into: &state)
            Self.takeCommands(new, into: &state)
            Self.takeEvents(new, into: &state)
            state.sparklines = new.sparklines
            return Array(state.clients.values)
        }
        for client in clients { client.yield() }
    }

    private static func take(_ overview: EngineOverview, into state: inout State) {
        let revision = state.revision
        let ids = Set(overview.strategies.map(\.id))
        for id in state.lines.keys where !ids.contains(id) {
            state.lines[id] = nil
            state.removed.append((id, revision))
        }
        if state.removed.count > removalsMax {
            state.oldestRevision = state.removed[state.removed.count - removalsMax].revision
            state.removed.removeFirst(state.removed.count - removalsMax)
        }
        for line in overview.strategies where state.lines[line.id]?.line != line {
            state.lines[line.id] = (line, Part(json: json { $0.value(line) }, revision: revision))
        }
        set("engine", json { overview.writeEngine(to: &$0) }, in: &state)
        set("feeds", json { list(overview.feeds, to: &$0) }, in: &state)
        set("processes", json { list(overview.services, to: &$0) }, in: &state)
        set("bus", json { $0.value(overview.bus) }, in: &state)
        set("alerts", json { list(overview.alerts + overview.clearedAlerts, to: &$0) }, in: &state)
    }

    private static func set(_ name: String, _ json: [UInt8], in state: inout State) {
        guard state.sections[name]?.json != json else { return }
        state.sections[name] = Part(json: json, revision: state.revision)
    }

    private static func takeCommands(_ new: EngineMonitor.State, into state: inout State) {
        let kept = Set(new.commands.map(\.sequence))
        state.commands = state.commands.filter { kept.contains($0.key) }
        let names = names(of: new.overview)
        for row in new.commands where state.commands[row.sequence]?.row != row {
            let json = json { write(row, name: row.strategyID.flatMap { names[$0] }, to: &$0) }
            state.commands[row.sequence] = (row, Part(json: json, revision: state.revision))
        }
    }

    private static func takeEvents(_ new: EngineMonitor.State, into state: inout State) {
        let kept = Set(new.events.map(\.id))
        state.events = state.events.filter { kept.contains($0.key) }
        let names = names(of: new.overview)
        for row in new.events where state.events[row.id] == nil {
            let json = json { write(row, name: names[row.strategyID], to: &$0) }
            state.events[row.id] = Part(json: json, revision: state.revision)
        }
    }

    private static func names(of overview: EngineOverview) -> [String: String] {
        Dictionary(overview.strategies.map { ($0.id, $0.name) }) { $1 }
    }

    // MARK: - Messages

    /// The event for a client that has `revision` of this run (`nil`: nothing), and the revision it has then; `nil` when
    /// there is nothing new.
    func message(since revision: Int64?) -> (bytes: [UInt8], revision: Int64)? {
        state.withLock { state in
            guard state.revision > 0 else { return nil }
            if let revision, revision <= state.revision, revision >= state.oldestRevision {
                guard revision < state.revision else { return nil }
                return Self.delta(state, since: revision, run: run).map { ($0, state.revision) }
            }
            return (Self.message("snapshot", state, since: 0, run: run, isSnapshot: true), state.revision)
        }
    }

    /// The revision of an event's id, when it was given out by this run.
    func revision(ofEventID text: String) -> Int64? {
        let parts = text.split(separator: "-")
        guard parts.count == 2, parts[0] == run else { return nil }
        return Int64(parts[1])
    }

    private static func delta(_ state: State, since revision: Int64, run: String) -> [UInt8]? {
        let isChanged =
            state.lines.values.contains { $0.part.revision > revision }
            || state.sections.values.contains { $0.revision > revision }
            || state.commands.values.contains { $0.part.revision > revision }
            || state.events.values.contains { $0.revision > revision }
            || (state.removed.last?.revision ?? 0) > revision
        guard isChanged else { return nil }
        return message("delta", state, since: revision, run: run, isSnapshot: false)
    }

    private static func message(
        _ event: String, _ state: State, since revision: Int64, run: String, isSnapshot: Bool
    ) -> [UInt8] {
        let body = json { json in
            json.object { json in
                json.member("time", state.time)
                for (name, part) in state.sections.sorted(by: { $0.key < $1.key })
                where part.revision > revision {
                    json.key(name)
                    json.raw(part.json)
                }
                json.arrayMember("strategies") { json in
                    for (_, entry) in state.lines where entry.part.revision > revision {
                        json.raw(entry.part.json)
                    }
                }
                json.arrayMember("removed") { json in
                    for (id, at) in state.removed where at > revision && !isSnapshot { json.value(id) }
                }
                json.arrayMember("commands") { json in
                    for (_, entry) in state.commands.sorted(by: { $0.key < $1.key })
                    where entry.part.revision > revision { json.raw(entry.part.json) }
                }
                json.arrayMember("events") { json in
                    for (_, part) in state.events.sorted(by: { $0.key < $1.key })
                    where part.revision > revision {
                        json.raw(part.json)
                    }
                }
                if isSnapshot { write(state.sparklines, to: &json) }
            }
        }
        var bytes = Array("event: \(event)\nid: \(run)-\(state.revision)\ndata: ".utf8)
        // JSON that somebody typed into the database may have line ends between its values.
        bytes += body.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 }
        bytes += Array("\n\n".utf8)
        return bytes
    }

    // MARK: - Writing

    private static func json(_ body: (inout JSONWriter) -> Void) -> [UInt8] {
        var json = JSONWriter()
        body(&json)
        return json.bytes
    }

    private static func list(_ values: [some JSONWritable], to json: inout JSONWriter) {
        json.array { json in
            for value in values { json.value(value) }
        }
    }

    private static func write(_ sparklines: [String: [Money]], to json: inout JSONWriter) {
        json.objectMember("sparklines") { json in
            for (id, points) in sparklines {
                json.arrayMember(id) { json in
                    for point in points { json.value(point.doubleValue) }
                }
            }
        }
    }

    private static func write(_ row: CommandRow, name: String?, to json: inout JSONWriter) {
        json.object { json in
            json.member("id", row.id)
            json.member("sequence", row.sequence)
            json.member("strategy_id", row.strategyID)
            json.member("strategy", name)
            json.member("command", row.kind.rawValue)
            json.key("parameters")
            json.raw(row.parameters.utf8)
            json.member("status", row.status.rawValue)
            json.member("created_at", row.createdAt)
            json.member("accepted_at", row.acceptedAt)
            json.member("ended_at", row.endedAt)
            json.member("expires_at", row.expiresAt)
            json.member("issuer", row.issuer)
            json.member("error", row.error)
        }
    }

    private static func write(_ row: EventRow, name: String?, to json: inout JSONWriter) {
        json.object { json in
            json.member("id", row.id)
            json.member("time", row.time)
            json.member("strategy_id", row.strategyID)
            json.member("strategy", name)
            json.member("from_status", row.fromStatus.rawValue)
            json.member("to_status", row.toStatus.rawValue)
            json.member("reason", row.reason)
            json.member("epoch", row.epoch)
        }
    }
}

import ArgumentParser
import Backtesting
import ControlPlane
import Foundation
import MarketData
import StrategyExecution
import TradingEngine
import TradingModel

/// `tradewind parity NAME`
struct ParityCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "parity",
        abstract: "Replay a session of a strategy as a backtest and list every order that differs, with why.",
        discussion: """
            The session is what the strategy's journal says; the records are those that a recorder kept in the home's \
            ticks directory, or the files named with --data. Exit code 1 when an order differs.
            """)

    @OptionGroup var home: HomeOptions

    @Argument(help: "The strategy.")
    var name: String

    @Option(name: .long, help: "The session's epoch, see 'strategies show'; the last one when left out.")
    var epoch: UInt32?

    @Option(
        name: .long, parsing: .upToNextOption, help: "Tick files to replay instead of the home's recordings.")
    var data: [String] = []

    @Option(name: .long, help: "How many differences to print.")
    var limit: Int = 20

    @Flag(name: .long, help: "Print JSON with all differences.")
    var json = false

    func run() throws {
        try reporting {
            let directory = try home.directory()
            let store = try home.open(.reader)
            guard let row = try store.strategy(name) else {
                throw CommandLineError(ExitCodes.noInput, "there is no strategy \(name)")
            }
            let strategy = try AppRegistry.shared.requireStrategy(named: row.className)
            let session = try ParitySession(
                row: row, epoch: epoch, directory: directory, store: store, files: data)
            let replay = try ParityReplay(session.session) { json in
                try StrategyConfiguration.scalars(json: json, column: "the journal's parameters")
            }
            let report = try replay.run(strategy)
            if json {
                try printJSON(report)
            } else {
                print("\(name), epoch \(session.session.epoch): \(report.from) to \(report.until)")
                print(
                    "replayed \(report.recordCount) records of \(session.session.files.joined(separator: ", "))"
                )
                print(
                    "\(report.sessionOrders) orders in the session, \(report.replayOrders) in the replay,"
                        + " \(report.equalOrders) are equal with all that became of them")
                for difference in report.differences.prefix(max(0, limit)) {
                    print("\(difference.time)  \(difference.cause)")
                    print("    session  \(difference.session ?? "-")")
                    print("    replay   \(difference.replay ?? "-")")
                }
                if report.differences.count > max(0, limit) {
                    print("(\(report.differences.count) differences; --limit N shows more)")
                }
            }
            if !report.isEqual { throw ExitCodes.failed }
        }
    }
}

/// What is known of a strategy's session, gathered from its row, its journal and the recordings.
struct ParitySession {
    let session: ParityReplay.Session

    init(
        row: StrategyRow, epoch wanted: UInt32?, directory: HomeDirectory, store: ControlStore,
        files: [String]
    ) throws {
        let journals = directory.journalDirectory(strategyID: row.id)
        let known = JournalRecovery.epochs(in: journals)
        guard let epoch = wanted ?? known.last, known.contains(epoch) else {
            throw CommandLineError(
                ExitCodes.noInput,
                known.isEmpty
                    ? "\(row.name) has never run"
                    : "\(row.name) has no session \(wanted ?? 0); there are \(Self.list(known))")
        }
        let path = journals + "/" + JournalCodec.fileName(epoch: epoch)
        let entries = try Self.entries(path)
        var seed: UInt64 = 0
        var parametersJSON = "{}"
        for entry in entries.prefix(8) {
            if case .sessionStarted(let started) = entry.record { seed = started.seed }
            if case .parametersChanged(let json) = entry.record, entry.time == .epoch {
                parametersJSON = json
            }
        }
        let configuration = try StrategyConfiguration(json: row.configJSON)
        let limits = try StrategyConfiguration.scalars(json: row.limitsJSON, column: "limits_json")
            .filter { !ProcessLimits.names.contains($0.name) }
        let times = entries.map(\.time).filter { $0 != .epoch }
        guard let first = times.min(), let last = times.max() else {
            throw BacktestError(.noRecords, context: "the session of epoch \(epoch) saw no record")
        }
        let events = try store.events(strategyID: row.id, limit: 1_000)
        session = ParityReplay.Session(
            parameters: try StrategyConfiguration.scalars(
                json: parametersJSON, column: "the journal's parameters"),
            venue: configuration.venue, limits: limits, symbols: configuration.instruments, seed: seed,
            epoch: epoch, entries: entries,
            files: files.isEmpty
                ? try Self.recordings(directory, configuration.instruments, first, last) : files,
            pauses: Self.pauses(events.filter { $0.epoch == nil || $0.epoch == epoch }, within: first...last),
            missedCount: try Self.missedCount(store, row.id, epoch))
    }

    private static func list(_ epochs: [UInt32]) -> String { epochs.map(String.init).joined(separator: ", ") }

    private static func entries(_ path: String) throws -> [JournalEntry] {
        let bytes: Data
        do { bytes = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped) } catch {
            throw CommandLineError(ExitCodes.noInput, "cannot read \(path): \(error.localizedDescription)")
        }
        let scan = bytes.withUnsafeBytes { JournalScan($0, fileOffset: 0) }
        if let corruption = scan.corruption {
            throw CommandLineError(
                ExitCodes.badData, "\(path) is damaged at byte \(corruption.offset): \(corruption.reason)")
        }
        return scan.entries
    }

    /// The recordings of the session's days that have one of its instruments, `ticks/<day>/<feed>.ticks`.
    private static func recordings(
        _ home: HomeDirectory, _ symbols: [String], _ first: Timestamp, _ last: Timestamp
    ) throws -> [String] {
        let days = ((try? FileManager.default.contentsOfDirectory(atPath: home.ticksDirectory)) ?? [])
            .sorted()
        let (from, until) = (first.description.prefix(10), last.description.prefix(10))
        var found: [String] = []
        // A recorder names the day by its own clock, which for a replayed feed is not that of the records.
        for day in days {
            let folder = home.ticksDirectory + "/" + day
            let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
            for name in names where name.hasSuffix(".ticks") {
                let header = try TickFileReader(path: folder + "/" + name, tornTail: .leaveOut).header
                let isOther = header.isClosed && (header.lastTime < first || header.firstTime > last)
                guard !isOther, header.instruments.contains(where: { symbols.contains($0.symbol) }) else {
                    continue
                }
                found.append(folder + "/" + name)
            }
        }
        guard !found.isEmpty else {
            throw CommandLineError(
                ExitCodes.noInput,
                "\(home.ticksDirectory) has no recording of \(symbols.joined(separator: ", ")) from \(from) to \(until);"
                    + " name tick files with --data")
        }
        return found
    }

    /// Times between the status paused and the next one, as far as they lie within the session's own time.
    private static func pauses(_ events: [EventRow], within session: ClosedRange<Timestamp>) -> [ClosedRange<
        Timestamp
    >] {
        var pauses: [ClosedRange<Timestamp>] = []
        var start: Timestamp?
        for event in events.sorted(by: { $0.id < $1.id }) {
            if event.toStatus == .paused {
                start = event.time
            } else if let began = start {
                start = nil
                guard session.contains(began), began <= event.time else { continue }
                pauses.append(began...event.time)
            }
        }
        if let start, session.contains(start) { pauses.append(start...session.upperBound) }
        return pauses
    }

    private static func missedCount(_ store: ControlStore, _ strategyID: String, _ epoch: UInt32) throws
        -> UInt64
    {
        struct Metrics: Decodable { var ticksMissed: UInt64? }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let rows = try store.metrics(strategyID: strategyID, limit: 1_000).filter { $0.epoch == epoch }
        let counts = rows.compactMap { row in
            (try? decoder.decode(Metrics.self, from: Data(row.metricsJSON.utf8)))?.ticksMissed
        }
        return counts.max() ?? 0
    }
}

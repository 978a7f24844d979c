import ArgumentParser
import Backtesting
import ControlPlane
import Foundation
import MarketData
import StrategyExecution
import Supervision
import TradingEngine
import TradingModel

/// `tradewind parity NAME`
struct ParityCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "parity",
        abstract: "Replay a session of a strategy as a backtest and list every order that differs, with why.",
        discussion: """
            The session is what the strategy's journal says, with its settings and every command at its place among the \
            records; the records are those that a recorder kept in the home's ticks directory, or the files named with \
            --data. Exit code 1 when an order or, of a session that ended in order, the order-log hash differs.
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
            var replay = try ParityReplay(session.session) { json in
                try StrategyConfiguration.scalars(json: json, column: "the journal's parameters")
            }
            let report = try replay.run(strategy)
            if json {
                try printJSON(report)
            } else {
                print("\(name), \(session.epochs): \(report.from) to \(report.until)")
                print(
                    "replayed \(report.recordCount) records of \(session.session.files.joined(separator: ", "))"
                )
                print(
                    "\(report.sessionOrders) orders in the session, \(report.replayOrders) in the replay,"
                        + " \(report.equalOrders) are equal with all that became of them")
                if let hash = report.sessionHash {
                    print(
                        report.isHashEqual
                            ? "order-log hash \(OrderLogHash.digits(hash)) in both"
                            : "order-log hash \(OrderLogHash.digits(hash)) in the session, \(OrderLogHash.digits(report.replayHash)) in the replay"
                    )
                }
                if report.inputCount > 0 {
                    print(
                        "\(report.inputCount) commands and losses of records were done again at their places")
                }
                for note in report.notes { print("note: \(note)") }
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
    /// Whose processes it was.
    let epochs: String

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
        // A session that carries on a crashed one is one with it.
        let chain = try Self.chain(journals, epoch)
        let settings = try Settings(chain, row)
        epochs = chain.epochs.count == 1 ? "epoch \(epoch)" : "epochs \(Self.list(chain.epochs)) carried on"
        if settings.configuration.namesGateway {
            throw CommandLineError(
                ExitCodes.badData,
                "\(row.name), epoch \(epoch), sent its orders to an order gateway: what that answered depends on its own"
                    + " market and cannot be computed again; 'order-gateway audit' judges such sessions")
        }
        let times = chain.entries.map(\.time).filter { $0 != .epoch }
        guard let first = times.min(), let last = times.max() else {
            throw BacktestError(
                .noRecords, context: "the session of epoch \(epoch) saw no record: there is nothing to replay"
            )
        }
        session = ParityReplay.Session(
            parameters: settings.parameters, venue: settings.configuration.venue.filter { $0.name != "kind" },
            limits: settings.limits, symbols: settings.configuration.instruments, seed: settings.seed,
            epoch: chain.epochs[0], entries: chain.entries,
            files: files.isEmpty
                ? try Self.recordings(directory, settings.configuration.instruments, first, last) : files,
            notes: try Self.notes(row, chain.epochs, store))
    }

    private static func chain(_ journals: String, _ epoch: UInt32) throws -> SessionChain {
        do {
            return try SessionChain(directory: journals, last: epoch)
        } catch {
            throw CommandLineError(ExitCodes.badData, "\(error)")
        }
    }

    /// What a session began with. Journals of older programs do not have all of it; the strategy's row has the rest.
    private struct Settings {
        var configuration: StrategyConfiguration
        var parameters: [(name: String, text: String)]
        var limits: [(name: String, text: String)]
        var seed: UInt64 = 0

        init(_ chain: SessionChain, _ row: StrategyRow) throws {
            func text(_ kind: SessionInput.Kind) -> String? { chain.inputs.first { $0.kind == kind }?.text }
            configuration = try StrategyConfiguration(json: text(.configuration) ?? row.configJSON)
            var json = "{}"
            for entry in chain.entries.prefix(8) {
                if case .sessionStarted(let started) = entry.record { seed = started.seed }
                if case .parametersChanged(let found) = entry.record, entry.time == .epoch { json = found }
            }
            parameters = try StrategyConfiguration.scalars(json: json, column: "the journal's parameters")
            limits = try StrategyConfiguration.scalars(
                json: text(.limits) ?? row.limitsJSON, column: "the journal's limits"
            ).filter { !ProcessLimits.names.contains($0.name) }
        }
    }

    /// What is not as it was then.
    private static func notes(_ row: StrategyRow, _ epochs: [UInt32], _ store: ControlStore) throws
        -> [String]
    {
        let instances = try store.instances(strategyID: row.id, limit: 1_000)
        let programs = instances.filter { epochs.contains($0.epoch) }.compactMap(\.binarySHA256)
        guard let now = try? HeldExecutable(path: ExecutableFile.path)?.sha256() else { return [] }
        guard let other = programs.first(where: { $0 != now }) else { return [] }
        return ["the session ran in another program (\(other.prefix(12))) than this one (\(now.prefix(12)))"]
    }

    private static func list(_ epochs: [UInt32]) -> String { epochs.map(String.init).joined(separator: ", ") }

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
}

import MessageBus
import TradingEngine
import TradingModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Who an executor is.
struct ExecutorIdentity: Sendable {
    var strategyID: String
    var name: String
    var epoch: UInt32
    var processID: Int32
    /// The instruments' tokens, in the order of the configuration.
    var tokens: [InstrumentToken]
    var symbols: [String]
}

/// Everything an executor needs, resolved from what the manager handed over; all mistakes end as `configuration`.
struct ExecutorSetup<S: Strategy> {
    let identity: ExecutorIdentity
    let instruments: [Instrument]
    let parameters: ParameterValues
    let strategy: S
    let venue: VenueSettings
    let session: JournalSession
    let engineConfiguration: EngineConfiguration
    let journalDirectory: String
    let generation: Int
    let warmUp: WarmUpSpan?
    let afterCrash: AfterCrash

    init(bootstrap: Bootstrap) throws(ExecutionError) {
        guard let row = bootstrap.strategy, let directory = bootstrap.journalDirectory,
            let epoch = UInt32(exactly: row.epoch), epoch > 0
        else { throw ExecutionError(.configuration, "the bootstrap document is not one of an executor") }
        journalDirectory = directory
        generation = row.generation
        let configuration = try StrategyConfiguration(json: row.configJSON)
        warmUp = configuration.warmUp
        afterCrash = configuration.afterCrash
        let named = try Self.instruments(configuration.instruments, known: bootstrap.instruments)
        identity = ExecutorIdentity(
            strategyID: row.id, name: row.name, epoch: epoch, processID: getpid(),
            tokens: named.map(\.token), symbols: named.map(\.symbol))
        session = JournalSession(
            strategyID: row.id, strategyName: row.name, className: row.className, epoch: epoch,
            seed: configuration.seed)
        do {
            parameters = try ParameterValues.resolve(S.parameters, from: configuration.parameters)
            strategy = try S(parameters: parameters)
            venue = try configuration.venueSettings()
            let account = venue.account
            instruments = try account.currency.valued(named)
            let entries = try StrategyConfiguration.scalars(json: row.limitsJSON, column: "limits_json")
            let limits = try RiskLimits(inputs: entries.filter { !ProcessLimits.names.contains($0.name) })
            engineConfiguration = EngineConfiguration(
                instruments: instruments, epoch: epoch, seed: configuration.seed,
                startingCash: account.startingCash, limits: limits, sessionEnd: account.sessionEnd,
                feedLatency: account.exchange.latency)
            try engineConfiguration.validate()
        } catch let error as ExecutionError {
            throw error
        } catch {
            throw ExecutionError(.configuration, "\(row.name): \(error)")
        }
    }

    private static func instruments(
        _ symbols: [String], known: [Instrument]
    ) throws(ExecutionError) -> [Instrument] {
        guard !symbols.isEmpty else {
            throw ExecutionError(
                .configuration, #"no instruments: set "instruments" in config_json, such as ["BTCUSDT"]"#)
        }
        var found: [Instrument] = []
        for symbol in symbols {
            guard let instrument = known.first(where: { $0.symbol == symbol }) else {
                throw ExecutionError(
                    .configuration,
                    "unknown instrument \(symbol): add a feed that has it, or import it with 'instruments import'"
                )
            }
            found.append(instrument)
        }
        return found
    }
}

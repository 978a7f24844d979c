import MarketData
package import TradingEngine
package import TradingModel

/// Runs strategies over recorded ticks: the engine of the executor on the clock of the records.
package enum Backtest {
    /// Runs one strategy to the end of the files; see `run(_:settings:observer:)`.
    package static func run(
        strategy: any Strategy.Type, settings: BacktestSettings,
        observer: BacktestObserver = BacktestObserver()
    ) throws -> BacktestResult {
        let entry = BacktestEntry(
            label: strategy.name, strategy: strategy, symbols: settings.symbols,
            parameters: settings.parameters,
            limits: settings.limits)
        return try run([entry], settings: settings, observer: observer)
    }

    /// Runs strategies on one account to the end of the files. Constant memory for any file size, apart from the
    /// trades.
    ///
    /// Each strategy has its own engine and exchange, exactly as its process would have; the account's equity is
    /// its starting cash and what they all earned. Symbols, parameters and limits are those of the entries.
    ///
    /// Throws `MarketDataError` for files, `ParameterViolations` for settings and `BacktestError` for the rest.
    package static func run(
        _ entries: [BacktestEntry], settings: BacktestSettings,
        observer: BacktestObserver = BacktestObserver()
    ) throws -> BacktestResult {
        var pass = try BacktestPass(entries, settings: settings, observer: observer)
        return try pass.run()
    }

    /// The instruments of tick files, in the order met.
    package static func instruments(of files: [String]) throws -> [Instrument] {
        try MergedTickReader(paths: files).instruments
    }

    /// The receive times of the first and the last record of tick files; reads a file that was not closed to its end.
    package static func extent(of files: [String]) throws -> (first: Timestamp, last: Timestamp) {
        var first: Timestamp?
        var last: Timestamp?
        func note(_ from: Timestamp, _ until: Timestamp) {
            first = min(first ?? from, from)
            last = max(last ?? until, until)
        }
        for file in files {
            let reader = try TickFileReader(path: file)
            if reader.header.isClosed, reader.header.recordCount > 0 {
                note(reader.header.firstTime, reader.header.lastTime)
            } else {
                try reader.forEachBlock { block in
                    if let head = block.first, let tail = block.last {
                        note(head.receiveTime, tail.receiveTime)
                    }
                }
            }
        }
        guard let first, let last else {
            throw BacktestError(.noRecords, context: "\(files.joined(separator: ", ")): no records")
        }
        return (first, last)
    }
}

/// One pass over the files.
struct BacktestPass {
    private let settings: BacktestSettings
    private let observer: BacktestObserver
    private let reader: MergedTickReader
    private let account: AccountSettings
    private let instruments: [Instrument]
    private let charted: [Instrument]
    private let runs: [any StrategyRunning]
    private var prices: [Price]
    /// Of which charted instruments a price was found; kept for its memory.
    private var isFound: [Bool]
    private var curve: EquityCurve?
    private var boundary = Timestamp.distantFuture
    private var trades: [BacktestTrade] = []
    /// Those of the part at hand; kept for its memory.
    private var closed: [BacktestTrade] = []
    private var tradeStatistics = TradeStatistics()
    private var lastTime = Timestamp.epoch
    private var lastSequence: UInt64 = 0
    private var readCount = 0
    private var warmUpCount = 0
    private var isWarmingUp = false

    init(_ entries: [BacktestEntry], settings: BacktestSettings, observer: BacktestObserver) throws {
        try Self.check(entries, settings)
        try BacktestFiles.check(settings.files)
        self.settings = settings
        self.observer = observer
        reader = try MergedTickReader(paths: settings.files, start: Self.readStart(settings))
        let account = try settings.account()
        self.account = account
        let known = reader.instruments
        // Opens the existential: each run is specialised for its strategy's type.
        func makeRun<S: Strategy>(_ type: S.Type, _ entry: BacktestEntry, _ epoch: UInt32) throws
            -> any StrategyRunning
        {
            try StrategyRun(
                type, entry: entry, known: known, account: account, epoch: epoch, seed: settings.seed,
                keepsEntries: observer.onEntries != nil)
        }
        var runs: [any StrategyRunning] = []
        for (index, entry) in entries.enumerated() {
            runs.append(try makeRun(entry.strategy, entry, UInt32(index + 1)))
        }
        self.runs = runs
        // In the order of the strategies, each once.
        var instruments: [Instrument] = []
        var seen: Set<InstrumentToken> = []
        for run in runs { instruments += run.instruments.filter { seen.insert($0.token).inserted } }
        self.instruments = instruments
        charted = Array(instruments.prefix(Limits.chartedInstrumentsMax))
        prices = Array(repeating: .zero, count: charted.count)
        isFound = Array(repeating: false, count: charted.count)
    }

    mutating func run() throws -> BacktestResult {
        isWarmingUp = settings.warmUp != nil
        for run in runs { run.start(isWarmingUp: isWarmingUp) }
        while let block = try reader.nextRun() {
            let records = cutEnd(block)
            try feed(records)
            readCount += block.count
            observer.progress?(readCount, reader.recordCount)
            if records.count < block.count { break }
        }
        guard let firstTime = curve?.start.time else { throw noRecords() }
        observer.willStop?()
        for run in runs { run.stop(lastTime: lastTime, lastSequence: lastSequence) }
        sample()
        try drain()
        guard let curve else { throw noRecords() }
        let results = runs.map { $0.result() }
        let statistics = Statistics(
            curve: curve, trades: tradeStatistics, results: results, startingCash: account.startingCash,
            end: lastTime, daysPerYear: settings.daysPerYear)
        return BacktestResult(
            strategies: results, venue: account, instruments: instruments, seed: settings.seed,
            firstTime: firstTime, lastTime: lastTime, warmUpCount: warmUpCount, trades: trades, curve: curve,
            chartedInstruments: charted, statistics: statistics, daysPerYear: settings.daysPerYear)
    }

    // MARK: - Records

    /// Hands records on in parts that end with an interval of the curve, or with the warm-up.
    private mutating func feed(_ records: UnsafeBufferPointer<MarketEvent>) throws {
        var rest = records
        while let first = rest.first {
            if isWarmingUp {
                let count = warmUpPart(of: rest)
                if count > 0 {
                    process(UnsafeBufferPointer(rebasing: rest[..<count]))
                    warmUpCount += count
                    rest = UnsafeBufferPointer(rebasing: rest[count...])
                    try drain()
                    continue
                }
                isWarmingUp = false
                for run in runs { run.endWarmUp() }
            }
            begin(at: first.receiveTime)
            if first.receiveTime >= boundary {
                sample()
                boundary = curve?.boundary(after: first.receiveTime) ?? .distantFuture
            }
            let count = Self.count(of: rest, before: boundary)
            process(UnsafeBufferPointer(rebasing: rest[..<count]))
            rest = UnsafeBufferPointer(rebasing: rest[count...])
            try drain()
        }
    }

    private mutating func process(_ part: UnsafeBufferPointer<MarketEvent>) {
        guard let last = part.last else { return }
        for run in runs { run.process(part) }
        lastTime = max(lastTime, last.receiveTime)
        lastSequence = last.sequence
        notePrices(part)
    }

    private mutating func begin(at time: Timestamp) {
        guard curve == nil else { return }
        let made = EquityCurve(start: time, equity: account.startingCash, priceCount: charted.count)
        boundary = made.boundary(after: time)
        curve = made
    }

    /// Adds the account as it stands to the curve.
    private mutating func sample() {
        var equity = account.startingCash
        for run in runs { equity += run.equity - account.startingCash }
        curve?.add(
            EquityCurve.Point(time: lastTime, equity: equity, isExposed: runs.contains { $0.isExposed }),
            prices: prices)
    }

    /// Remembers the last price of each charted instrument; looks back from the end of a part until all are found.
    private mutating func notePrices(_ part: UnsafeBufferPointer<MarketEvent>) {
        var missing = charted.count
        for place in isFound.indices { isFound[place] = false }
        var index = part.count - 1
        while index >= 0, missing > 0 {
            let event = part[index]
            index -= 1
            guard let place = charted.firstIndex(where: { $0.token == event.token }), !isFound[place],
                let price = Self.price(event)
            else { continue }
            prices[place] = price
            isFound[place] = true
            missing -= 1
        }
    }

    private static func price(_ event: MarketEvent) -> Price? {
        switch event.kind {
        case .quote:
            let quote = event.quote
            return quote.bid > .zero && quote.ask >= quote.bid ? quote.mid : nil
        case .trade: return event.trade.price > .zero ? event.trade.price : nil
        case .bar: return event.word3 > 0 ? Price(e8: event.word3) : nil
        default: return nil
        }
    }

    // MARK: - What the strategies did

    private mutating func drain() throws {
        closed.removeAll(keepingCapacity: true)
        for (index, run) in runs.enumerated() {
            let start = closed.count
            run.recorder.takeTrades(into: &closed)
            if index > 0 { for place in start..<closed.count { closed[place].strategy = index } }
        }
        if !closed.isEmpty {
            // Stable: by time, then strategy, then order.
            if runs.count > 1 { closed = closed.sortedStably { $0.exitTime < $1.exitTime } }
            for trade in closed { tradeStatistics.add(trade) }
            trades += closed
            try observer.onTrades?(closed)
        }
        guard let onEntries = observer.onEntries else { return }
        var entries: [OrderLogEntry] = []
        for (index, run) in runs.enumerated() {
            entries += run.recorder.takeEntries().map {
                OrderLogEntry(strategy: index, time: $0.time, record: $0.record)
            }
        }
        if runs.count > 1 { entries = entries.sortedStably { $0.time < $1.time } }
        if !entries.isEmpty { try onEntries(entries) }
    }

    // MARK: - Range

    private static func readStart(_ settings: BacktestSettings) -> Timestamp? {
        guard let from = settings.from, case .time(let duration)? = settings.warmUp else {
            return settings.from
        }
        let (start, overflow) = from.nanoseconds.subtractingReportingOverflow(duration.wholeNanoseconds)
        return overflow ? nil : Timestamp(nanoseconds: start)
    }

    private func cutEnd(_ block: UnsafeBufferPointer<MarketEvent>) -> UnsafeBufferPointer<MarketEvent> {
        guard let until = settings.until else { return block }
        return UnsafeBufferPointer(rebasing: block[..<Self.count(of: block, before: until)])
    }

    /// How many of the records at the front still belong to the warm-up.
    private mutating func warmUpPart(of records: UnsafeBufferPointer<MarketEvent>) -> Int {
        switch settings.warmUp {
        case .records(let count): return min(records.count, max(0, count - warmUpCount))
        case .time(let duration):
            if let from = settings.from { return Self.count(of: records, before: from) }
            if warmUpEnd == nil, let first = records.first {
                let (end, overflow) = first.receiveTime.nanoseconds
                    .addingReportingOverflow(duration.wholeNanoseconds)
                warmUpEnd = overflow ? .distantFuture : Timestamp(nanoseconds: end)
            }
            return Self.count(of: records, before: warmUpEnd ?? .distantFuture)
        case nil: return 0
        }
    }
    private var warmUpEnd: Timestamp?

    /// How many records at the front were received before a time; receive times never decrease.
    private static func count(of records: UnsafeBufferPointer<MarketEvent>, before time: Timestamp) -> Int {
        guard let last = records.last, last.receiveTime >= time else { return records.count }
        var low = 0
        var high = records.count
        while low < high {
            let middle = (low + high) / 2
            if records[middle].receiveTime < time { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func noRecords() -> BacktestError {
        if reader.recordCount == 0 {
            return BacktestError(.noRecords, context: "\(settings.files.joined(separator: ", ")): no records")
        }
        if warmUpCount > 0 {
            return BacktestError(
                .noRecords,
                context: "all \(warmUpCount) records belong to the warm-up; choose a shorter one or more data"
            )
        }
        return BacktestError(
            .noRecords,
            context: "the files have no records in the chosen period; 'ticks info' shows what they hold")
    }

    private static func check(_ entries: [BacktestEntry], _ settings: BacktestSettings) throws(BacktestError)
    {
        guard !entries.isEmpty, entries.count <= Limits.strategiesMax else {
            throw BacktestError(context: "an account has 1 to \(Limits.strategiesMax) strategies")
        }
        var labels: Set<String> = []
        for entry in entries where !labels.insert(entry.label).inserted {
            throw BacktestError(
                context: "two strategies are called \(entry.label); name them apart as LABEL=CLASS")
        }
        if let from = settings.from, let until = settings.until, from >= until {
            throw BacktestError(context: "the period begins at \(from) and ends before that, at \(until)")
        }
        guard settings.daysPerYear > 0, settings.daysPerYear <= 366 else {
            throw BacktestError(context: "days per year must be above 0 and at most 366")
        }
    }
}

extension Array {
    /// Sorted with equal elements in their order.
    func sortedStably(by isBefore: (Element, Element) -> Bool) -> [Element] {
        enumerated().sorted { left, right in
            if isBefore(left.element, right.element) { return true }
            if isBefore(right.element, left.element) { return false }
            return left.offset < right.offset
        }.map(\.element)
    }
}

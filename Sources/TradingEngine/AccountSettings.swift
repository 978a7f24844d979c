package import TradingModel

/// What an account and its simulated exchange are set to: the `venue` member of a strategy's configuration.
package struct AccountSettings: Sendable {
    /// The numbers with their defaults and ranges; rates are shares of the notional, 0.0004 is 4 basis points.
    package static let declarations: [ParameterDeclaration] = [
        .decimal(
            "starting_cash", default: Quantity(100_000), range: .zero...Quantity(1_000_000_000),
            help: "cash at the very first start, in the account currency"),
        .decimal(
            "maker_fee", default: .zero, range: Quantity(e8: -1_000_000)...Quantity(e8: 10_000_000),
            help: "fee rate of resting orders; negative is a rebate"),
        .decimal(
            "taker_fee", default: .zero, range: .zero...Quantity(e8: 10_000_000),
            help: "fee rate of orders that take liquidity"),
        .integer(
            "latency_ms", default: 0, range: 0...60_000,
            help: "milliseconds from the strategy to the exchange"),
        .integer(
            "slippage_ticks", default: 0, range: 0...1_000,
            help: "price increments lost by orders that take liquidity"),
        .choice(
            "bar_path", default: BarPath.openHighLowClose.rawValue, choices: BarPath.allCases.map(\.rawValue),
            help: "the order of a bar's prices: open, high, low, close, or the nearer extreme first"),
        .choice(
            "trigger", default: TriggerSource.quote.rawValue, choices: TriggerSource.allCases.map(\.rawValue),
            help: "what triggers stops: the opposite quote, or trades and bars"),
    ]

    /// The models that are named by a text, see `ExchangeModelText`.
    package static let models: [(name: String, help: String)] = [
        (
            "fill_model",
            "words joined with +: " + ExchangeModelText.fillModels.map(\.name).joined(separator: ", ")
        ),
        ("latency", ExchangeModelText.latencies), ("fees", ExchangeModelText.feeModels),
        ("slippage", ExchangeModelText.slippages),
        ("session_end", "when DAY orders end, a time of day in UTC such as 21:00; 00:00 by default"),
    ]

    /// All names, for help.
    package static let names = declarations.map(\.name) + models.map(\.name)

    /// Cash at the very first start.
    package var startingCash: Money
    /// What it is kept in.
    package var currency: AccountCurrency
    /// How orders are filled and charged.
    package var exchange: SimulatedExchangeConfiguration
    /// The time of day in UTC at which DAY orders end.
    package var sessionEnd = Duration.zero

    /// Reads the settings; throws all violations at once. `seed` is that of models that draw; `readFile` gives the content
    /// of a file of recorded latencies.
    package init(
        inputs: [(name: String, text: String)], seed: UInt64 = 0,
        readFile: (String) -> [UInt8]? = { _ in nil }
    ) throws(ParameterViolations) {
        var violations = ParameterViolations()
        currency = AccountCurrency(inputs: inputs, violations: &violations)
        var numbers: [(name: String, text: String)] = []
        var texts: [String: String] = [:]
        for input in inputs where !AccountCurrency.names.contains(input.name) {
            if !Self.names.contains(input.name) {
                violations.add(
                    input.name,
                    ParameterValues.unknownMessage(input.name, known: Self.names + AccountCurrency.names))
            } else if !Self.models.contains(where: { $0.name == input.name }) {
                numbers.append(input)
            } else if texts.updateValue(input.text, forKey: input.name) != nil {
                violations.add(input.name, "is given more than once")
            }
        }
        var values = ParameterValues(defaults: Self.declarations)
        do throws(ParameterViolations) {
            values = try ParameterValues.resolve(Self.declarations, from: numbers)
        } catch {
            for violation in error.list { violations.add(violation.name, violation.message) }
        }
        startingCash = Money(e8: values.decimal("starting_cash").e8)
        exchange = SimulatedExchangeConfiguration(
            makerFeeRate: values.decimal("maker_fee"), takerFeeRate: values.decimal("taker_fee"),
            latency: .milliseconds(values.integer("latency_ms")),
            slippageTicks: values.integer("slippage_ticks"),
            barPath: BarPath(rawValue: values.choice("bar_path")) ?? .openHighLowClose,
            triggerSource: TriggerSource(rawValue: values.choice("trigger")) ?? .quote)
        exchange.seed = seed
        for (short, name) in [
            ("maker_fee", "fees"), ("taker_fee", "fees"), ("latency_ms", "latency"),
            ("slippage_ticks", "slippage"),
        ] where texts[name] != nil && numbers.contains(where: { $0.name == short }) {
            violations.add(short, "says the same as \(name); give one of them")
        }
        setModels(texts, readFile, &violations)
        guard violations.isEmpty else { throw violations }
    }

    private mutating func setModels(
        _ texts: [String: String], _ readFile: (String) -> [UInt8]?, _ violations: inout ParameterViolations
    ) {
        if let text = texts["fill_model"] {
            if let model = ExchangeModelText.fillModel(text) {
                exchange.fillModel = model
            } else {
                let known = ExchangeModelText.fillModels.map(\.name).joined(separator: ", ")
                violations.add("fill_model", "'\(text)' is not made of \(known), joined with +")
            }
        }
        if let text = texts["fees"] {
            if let model = ExchangeModelText.fees(text) {
                exchange.fees = model
            } else {
                violations.add("fees", "'\(text)' is not \(ExchangeModelText.feeModels)")
            }
        }
        if let text = texts["slippage"] {
            if let model = ExchangeModelText.slippage(text) {
                exchange.slippage = model
            } else {
                violations.add("slippage", "'\(text)' is not \(ExchangeModelText.slippages)")
            }
        }
        if let text = texts["session_end"] {
            if let time = ExchangeModelText.timeOfDay(text) {
                sessionEnd = time
            } else {
                violations.add("session_end", "'\(text)' is no time of day such as 21:00")
            }
        }
        if let text = texts["latency"] { setLatency(text, readFile, &violations) }
    }

    private mutating func setLatency(
        _ text: String, _ readFile: (String) -> [UInt8]?, _ violations: inout ParameterViolations
    ) {
        guard let (model, path, feedPath) = ExchangeModelText.latency(text) else {
            violations.add("latency", "'\(text)' is not \(ExchangeModelText.latencies)")
            return
        }
        exchange.latency = model
        func samples(_ path: String?) -> [LatencyModel.Sample] {
            guard let path else { return [] }
            guard let bytes = readFile(path) else {
                violations.add("latency", "the file \(path) cannot be read")
                return []
            }
            switch LatencyModel.samples(bytes) {
            case .success(let samples): return samples
            case .failure(let error):
                violations.add("latency", "\(path): \(error)")
                return []
            }
        }
        exchange.latency.samples = samples(path)
        exchange.latency.feedSamples = samples(feedPath)
    }
}

import MessageBus
import TradingEngine
import TradingModel

/// What an executor has under way to get its strategy out of the market, and what is known of its halts.
struct ExecutorTrading {
    /// A flatten command whose orders are on their way.
    var flattening: StrategyCommandPayload?
    /// When the flatten command has failed.
    var flattenDeadline = ContinuousClock.now
    var flattenSeconds = Limits.flattenSeconds
    /// Rounds that were tried again since the last breach.
    var breachRounds = 0
    /// Breaches of limits that the manager was told of.
    var reportedBreachCount = 0
    /// The alarm of a halt by a breach that the manager has not confirmed yet; part of every status until then, because a
    /// manager may be away when it happens.
    var unheardAlarm: String?
    /// The trading state that the journal has; `nil` for active.
    var journaled: JournalTradingState?

    /// What may be traded at the start: what the manager says, unless the strategy's own journal knows of a halt by a breach
    /// that nobody has ended since.
    mutating func begin(
        _ row: Bootstrap.Strategy?, recovered: JournalTradingState?
    ) -> (state: TradingState, reason: String) {
        let told = row?.tradingState.flatMap { TradingState(rawValue: $0) } ?? .active
        let resumedAt = row?.tradingResumedAt.flatMap { Timestamp(iso8601: $0) } ?? .epoch
        if let recovered, recovered.isBreach, recovered.state == .halted, told != .halted,
            recovered.time > resumedAt
        {
            unheardAlarm = ExecutorAlarm.halt(recovered.reason)
            return (.halted, recovered.reason)
        }
        return (told, row?.tradingReason ?? "")
    }
}

/// The texts of alarms.
enum ExecutorAlarm {
    static func halt(_ reason: String) -> String {
        "\(reason); action \(RiskLimits.BreachAction.flattenAndHalt.rawValue)"
    }
}

/// Commands about what may be traded: flatten, halt and resume, limits; and breaches of limits on losses.
extension Executor {
    /// Begins to close everything; acknowledged once it is flat, or when the time is up.
    func flatten(_ command: StrategyCommandPayload) {
        guard trading.flattening == nil else {
            // Sent again, perhaps because the bus was away: it is under way.
            guard command.commandID != trading.flattening?.commandID else { return }
            return acknowledge(
                command, currentStatus, error: "another flatten is under way")
        }
        var seconds = Limits.flattenSeconds
        if let text = command.parameters?["seconds"] {
            guard let given = Int(text), (1...Limits.flattenSecondsMax).contains(given) else {
                return acknowledge(
                    command, currentStatus,
                    error: "seconds: \(text) is no whole number from 1 to \(Limits.flattenSecondsMax)")
            }
            seconds = given
        }
        trading.flattening = command
        trading.flattenSeconds = seconds
        trading.flattenDeadline = ContinuousClock.now + .seconds(seconds)
        // The market as it is now is not known while it looks back.
        guard !isCatchingUp else { return }
        note(.flattened)
        engine.flatten()
        settleFlattening()
    }

    /// Answers a flatten command that has come to its end.
    func settleFlattening() {
        guard let command = trading.flattening, !isCatchingUp else { return }
        let isLate = ContinuousClock.now >= trading.flattenDeadline
        if engine.flattenResult == nil, isLate {
            let reason = "not flat after \(trading.flattenSeconds) s"
            note(.flattenAbandoned, reason)
            engine.abandonFlatten(reason)
        }
        guard let result = engine.flattenResult else { return }
        var error: String?
        if case .failed(let reason) = result {
            // Tried again with the next heartbeat: a market may come, a halt of the instrument may end.
            guard isLate else { return }
            error = reason
        }
        trading.flattening = nil
        acknowledge(command, currentStatus, error: error)
    }

    /// Begins another round of a flatten that did not close everything, a command's until its time is up, that of a breach
    /// for a while.
    func retryFlattening(_ now: ContinuousClock.Instant) {
        guard !isCatchingUp, !engine.isFlattenUnderWay, engine.portfolio.openPositionCount > 0 else { return }
        if trading.flattening != nil {
            guard now < trading.flattenDeadline else { return }
        } else {
            // A process that was killed in the middle of it has left the rest to the next one.
            guard engine.tradingState == .halted, trading.journaled?.isBreach == true, hasSeenRecords,
                trading.breachRounds < Limits.breachFlattenRoundsMax
            else { return }
            trading.breachRounds += 1
        }
        if case .failed(let reason) = engine.flattenResult {
            ExecutorLog.write("not flat yet, trying again: \(reason)")
        }
        note(.flattened)
        engine.flatten()
        flushJournal()
    }

    /// Puts a trading state in force.
    func trade(_ command: StrategyCommandPayload) {
        let current = currentStatus
        guard let word = command.parameters?["state"], let state = TradingState(rawValue: word) else {
            return acknowledge(command, current, error: "unknown trading state")
        }
        trading.unheardAlarm = nil
        let reason = command.parameters?["reason"] ?? ""
        note(.tradingState, "\(word)\n\(reason)")
        engine.setTradingState(state, reason: reason)
        ExecutorLog.write("trading \(state.rawValue): \(engine.tradingStateReason)")
        // Without an id nobody waits for an answer.
        if command.commandID != nil { acknowledge(command, current) }
    }

    /// Puts a whole set of limits in force; all violations are told at once, and the old ones stay then.
    func limit(_ command: StrategyCommandPayload) {
        let current = currentStatus
        let inputs = (command.parameters ?? [:]).sorted { $0.key < $1.key }.map {
            (name: $0.key, text: $0.value)
        }
        do {
            let own = inputs.filter { !ProcessLimits.names.contains($0.name) }
            let limits = try RiskLimits(inputs: own)
            note(.limitsChanged, JSONScalar.object(own))
            engine.update(limits: limits)
            ExecutorLog.write("limits: \(inputs.map { "\($0.name)=\($0.text)" }.joined(separator: " "))")
            acknowledge(command, current)
        } catch {
            acknowledge(command, current, error: "\(error)")
        }
        reportBreaches()
    }

    /// Tells the manager of a limit on losses that was breached.
    func reportBreaches() {
        guard engine.breachCount != trading.reportedBreachCount, let breach = engine.lastBreach else {
            return
        }
        trading.reportedBreachCount = engine.breachCount
        let text = "\(breach.code.rawValue): \(breach.context)"
        let alarm = "\(text); action \(breach.action.rawValue)"
        if breach.action == .flattenAndHalt {
            trading.breachRounds = 0
            trading.unheardAlarm = ExecutorAlarm.halt(text)
        }
        publishStatus(currentStatus, alarm: alarm)
    }

    /// Puts down what may be traded when it has changed, so that a process that starts before any manager has heard of a
    /// breach does not trade on.
    func journalTradingState() {
        let state = engine.tradingState
        guard state != trading.journaled?.state ?? .active else { return }
        let change = JournalTradingState(
            state: state, reason: engine.tradingStateReason,
            isBreach: state == .halted && engine.breach?.action == .flattenAndHalt, time: clock())
        journal.append(.tradingStateChanged(change), at: engine.status.lastEventTime)
        trading.journaled = state == .active ? nil : change
    }
}

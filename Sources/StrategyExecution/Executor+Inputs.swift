import MessageBus
import TradingEngine
import TradingModel

/// What a session goes by besides its records is journaled with its place among them, so that `tradewind parity` and the
/// process after a crash can run the session again.
extension Executor {
    func note(_ kind: SessionInput.Kind, _ text: String = "", at place: RecordPlace? = nil) {
        let input = SessionInput(kind: kind, place: place ?? lastPlace, text: text)
        journal.append(.input(input), at: input.place.time)
    }

    /// The settings that a session begins with.
    func noteSettings() {
        note(.configuration, bootstrap.strategy?.configJSON ?? "{}")
        let limits = try? StrategyConfiguration.scalars(
            json: bootstrap.strategy?.limitsJSON, column: "limits_json")
        note(.limits, JSONScalar.object((limits ?? []).filter { !ProcessLimits.names.contains($0.name) }))
    }

    /// Pauses or resumes.
    func setPaused(_ isPaused: Bool) {
        guard isPaused != engine.isPaused else { return }
        note(isPaused ? .paused : .resumed)
        if isPaused { engine.pause() } else { engine.resume() }
    }

    /// Puts what the operator wants in force at the beginning.
    func setPause() { setPaused(bootstrap.strategy?.isPaused ?? false) }

    // MARK: - After a crash

    /// Runs the session of a process that crashed again, when the configuration wants that and it can be done.
    static func resume(_ setup: ExecutorSetup<S>, _ bootstrap: Bootstrap, _ journal: JournalWriter)
        -> CrashReplay<S, V>.Result?
    {
        guard setup.afterCrash == .replay else { return nil }
        do {
            guard var replay = try CrashReplay<S, V>(setup, bootstrap) else { return nil }
            return try replay.run(journal, bootstrap)
        } catch {
            ExecutorLog.write(
                "the crashed session cannot be carried on: \(error); going on from what was saved")
            return nil
        }
    }

    /// Takes over an engine that has seen all that the crashed process had seen.
    func carryOn(
        _ resumed: CrashReplay<S, V>.Result, _ recovered: EngineSnapshot?, _ setup: ExecutorSetup<S>,
        _ trading: (state: TradingState, reason: String)
    ) throws(ExecutionError) {
        lastPlace = resumed.place
        journal.append(.checkpoint(recovered ?? engine.snapshot()), at: .epoch)
        journal.append(.parametersChanged(setup.parameters.jsonText), at: .epoch)
        note(.carriesOn, "\(resumed.epoch)")
        for entry in resumed.gate.rest { journal.append(entry.record, at: entry.time) }
        resumed.gate.isOpen = true
        do throws(EngineError) {
            if engine.parameters != setup.parameters {
                note(.parameters, setup.parameters.jsonText)
                try engine.update(parameters: setup.parameters)
            }
        } catch {
            throw ExecutionError(.configuration, "\(identity.name): \(error)")
        }
        let limits = setup.engineConfiguration.limits
        if engine.configuration.limits != limits {
            note(.limitsChanged, bootstrap.strategy?.limitsJSON ?? "{}")
            engine.update(limits: limits)
        }
        if trading.state != engine.tradingState {
            note(.tradingState, "\(trading.state.rawValue)\n\(trading.reason)")
            engine.setTradingState(trading.state, reason: trading.reason)
        }
        ExecutorLog.write(
            "carrying on the session of epoch \(resumed.epoch): \(resumed.recordCount) records seen again")
    }

    /// Goes on from where the crashed process was, with what was recorded meanwhile.
    func followUp(from place: RecordPlace) {
        guard let directory = bootstrap.ticksDirectory, let recorder = bootstrap.recorder else { return }
        lateJoin = LateJoin(
            directory: directory, feeds: recorder.feeds.map { (number: $0.number, name: $0.name) },
            tokens: identity.tokens, since: place.time, now: ContinuousClock.now)
        isPauseWanted = bootstrap.strategy?.isPaused == true
        stepLater(milliseconds: 0)
    }
}

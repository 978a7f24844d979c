package import TradingModel

/// Applies what a session went by besides its records to an engine that runs the session again.
///
/// Records are offered one by one with `admit`; it does first what was done before the record came, and says whether the
/// session saw it.
package struct InputReplay {
    /// Reads a JSON object of parameters or limits as names and texts.
    package typealias Parse = (String) throws -> [(name: String, text: String)]

    /// What is still to come, in order.
    private var inputs: ArraySlice<SessionInput>
    private let parse: Parse
    /// The first record that the session saw; `nil` when it saw none.
    package let began: RecordPlace?
    /// From missed records until the first that came again.
    private var isSkipping = false
    /// Whether the session was stopped: nothing came after that.
    package private(set) var isStopped = false
    /// Records that the session missed and that were left out here too.
    package private(set) var skippedCount = 0

    /// `inputs` in the order in which they were noted.
    package init(_ inputs: [SessionInput], parse: @escaping Parse) {
        began = inputs.first { $0.kind == .began }?.place
        self.inputs = inputs.filter { $0.kind != .began }[...]
        self.parse = parse
    }

    /// Whether everything was applied.
    package var isDone: Bool { inputs.isEmpty }

    /// Applies what was noted before a record; whether the session saw the record.
    ///
    /// Throws `ParameterViolations` when what was noted cannot be read, as after a change of the strategy's program.
    package mutating func admit<S: Strategy, V: ExecutionVenue, Output: EngineOutput>(
        _ event: MarketEvent, to engine: Engine<S, V, Output>
    ) throws -> Bool {
        let place = RecordPlace(event)
        guard let began, place >= began else { return false }
        while let input = inputs.first, isDue(input, before: place) {
            inputs.removeFirst()
            try apply(input, engine)
        }
        if isSkipping { skippedCount += 1 }
        return !isSkipping && !isStopped
    }

    /// Applies what was noted after the last record.
    package mutating func finish<S: Strategy, V: ExecutionVenue, Output: EngineOutput>(
        _ engine: Engine<S, V, Output>
    ) throws {
        while let input = inputs.popFirst() { try apply(input, engine) }
    }

    private func isDue(_ input: SessionInput, before place: RecordPlace) -> Bool {
        input.kind == .wentOn ? input.place <= place : input.place < place
    }

    private mutating func apply<S: Strategy, V: ExecutionVenue, Output: EngineOutput>(
        _ input: SessionInput, _ engine: Engine<S, V, Output>
    ) throws {
        switch input.kind {
        case .paused: engine.pause()
        case .resumed: engine.resume()
        case .parameters:
            let values = try ParameterValues.resolve(
                S.parameters, from: try parse(input.text), base: engine.parameters)
            // What the strategy refused then it refuses now.
            try? engine.update(parameters: values)
        case .limitsChanged: engine.update(limits: try RiskLimits(inputs: try parse(input.text)))
        case .tradingState:
            let parts = input.text.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
            guard let word = parts.first, let state = TradingState(rawValue: String(word)) else { return }
            engine.setTradingState(state, reason: parts.count > 1 ? String(parts[1]) : "")
        case .flattened: engine.flatten()
        case .flattenAbandoned: engine.abandonFlatten(input.text)
        case .missed:
            isSkipping = true
            engine.process(.gap(missing: UInt64(input.text) ?? 0, at: input.place.time))
        case .wentOn: isSkipping = false
        case .catchingUp: engine.isCatchingUp = true
        case .caughtUp: engine.isCatchingUp = false
        case .journalBlocked: engine.isJournalBlocked = true
        case .journalFree: engine.isJournalBlocked = false
        case .stopped: isStopped = true
        case .configuration, .limits, .began, .carriesOn: break
        }
    }
}

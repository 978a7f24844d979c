/// Open commands and the strategies that still have to confirm each; a command for all ends when the last one did.
struct CommandTracker {
    /// How a command ended as a whole.
    struct Outcome: Equatable {
        var commandID: String
        /// `nil` when every target confirmed; otherwise the names with their reasons.
        var error: String?
        /// Whether a later command took its place at every target.
        var isSuperseded: Bool
    }

    /// How a command ended at one target.
    enum TargetResult: Equatable {
        case executed
        case failed(String)
        case superseded
    }

    private struct Open {
        var waiting: Set<String>
        var isForAll: Bool
        var failures: [String] = []
        var supersededCount = 0
        var targetCount: Int
    }

    private var open: [String: Open] = [:]

    /// The commands that have not ended.
    var openCount: Int { open.count }

    /// Registers a command with its targets' ids; one without targets ends at once.
    ///
    /// `failures` are those of targets that refused it from the start.
    mutating func begin(
        _ commandID: String, targets: [String], isForAll: Bool, failures: [String] = []
    ) -> Outcome? {
        guard !targets.isEmpty else {
            let error = failures.isEmpty ? nil : failures.joined(separator: "; ")
            return Outcome(commandID: commandID, error: error, isSuperseded: false)
        }
        open[commandID] = Open(
            waiting: Set(targets), isForAll: isForAll, failures: failures, targetCount: targets.count)
        return nil
    }

    /// Stops waiting for a command that has ended otherwise.
    mutating func forget(_ commandID: String) { open[commandID] = nil }

    /// Notes one target's result; the outcome when it was the last.
    mutating func finish(_ commandID: String, target: String, name: String, result: TargetResult) -> Outcome?
    {
        guard var command = open[commandID], command.waiting.remove(target) != nil else { return nil }
        switch result {
        case .executed: break
        case .failed(let reason): command.failures.append(command.isForAll ? "\(name): \(reason)" : reason)
        case .superseded: command.supersededCount += 1
        }
        guard command.waiting.isEmpty else {
            open[commandID] = command
            return nil
        }
        open[commandID] = nil
        let error = command.failures.isEmpty ? nil : command.failures.joined(separator: "; ")
        return Outcome(
            commandID: commandID, error: error,
            isSuperseded: error == nil && command.supersededCount == command.targetCount)
    }
}

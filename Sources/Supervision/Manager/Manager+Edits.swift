import ControlPlane
import NIOCore

/// A value of a strategy's row that the manager changes of its own accord: what did not work is put back, and what has
/// completed is wanted no more.
enum ManagerEdit: Equatable, Sendable {
    case modulePath(from: String?, to: String?)
    case configJSON(from: String, to: String)
    case desiredState(from: DesiredState, to: DesiredState)

    /// The row with the new value; unchanged when somebody has written yet another one.
    func applied(to row: StrategyRow) -> StrategyRow {
        var row = row
        switch self {
        case .modulePath(let from, let to): if row.modulePath == from { row.modulePath = to }
        case .configJSON(let from, let to): if row.configJSON == from { row.configJSON = to }
        case .desiredState(let from, let to): if row.desiredState == from { row.desiredState = to }
        }
        return row
    }

    /// Whether a command brings such a value itself, so that what it leaves in the row is meant.
    func isOverruled(by command: CommandRow) -> Bool {
        switch self {
        case .modulePath: DeploymentParameters(command.parameters) != nil
        case .configJSON: command.kind == .update
        case .desiredState: [.start, .stop, .restart, .pause, .resume].contains(command.kind)
        }
    }

    fileprivate var change: StrategyChange {
        switch self {
        case .modulePath(_, let to): StrategyChange(modulePath: .some(to))
        case .configJSON(_, let to): StrategyChange(configJSON: to)
        case .desiredState(_, let to): StrategyChange(desiredState: to)
        }
    }
}

extension Manager {
    /// Changes a value, here at once and in the database in its turn.
    ///
    /// The store thread reads rows and writes them in one order, and says so to this loop in that order. So every row that
    /// comes before `didWrite` may have been read before the write, and `current` corrects it; every later one has it.
    func edit(_ value: ManagerEdit, of process: ManagedProcess, as label: String) {
        guard let row = process.strategy else { return }
        process.role = .executor(value.applied(to: row))
        process.unwrittenEdits.append(value)
        let id = row.id
        let bound = NIOLoopBound(process, eventLoop: eventLoop)
        store?.enqueue(label) { [eventLoop] store in
            if let stored = try store.strategy(id), value.applied(to: stored) != stored {
                try store.updateStrategy(id, value.change)
            }
            eventLoop.execute { bound.value.didWrite(value) }
        }
    }
}

extension ManagedProcess {
    /// A row as it is once the manager's own edits are written.
    func current(_ row: StrategyRow, after command: CommandRow? = nil) -> StrategyRow {
        unwrittenEdits.reduce(row) { row, value in
            if let command, value.isOverruled(by: command) { return row }
            return value.applied(to: row)
        }
    }

    fileprivate func didWrite(_ value: ManagerEdit) {
        if let index = unwrittenEdits.firstIndex(of: value) { unwrittenEdits.remove(at: index) }
    }
}

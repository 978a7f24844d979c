import ControlPlane
import Testing

@testable import Supervision

/// What the manager changes in a row by itself, whatever rows come before the database has it.
@Suite struct ManagerEditTests {
    private static let edits = [
        ManagerEdit.modulePath(from: "/torn", to: nil), .configJSON(from: #"{"seed": 1}"#, to: "{}"),
        .desiredState(from: .running, to: .stopped),
    ]

    /// A store with a strategy as it is before the edits, and its process as the manager has it since.
    private func withStrategy(_ body: (ControlStore, StrategyRow, ManagedProcess) throws -> Void) throws {
        let directory = try TemporaryDirectory()
        let home = HomeDirectory(path: directory.path + "/home")
        _ = try ControlStore.create(home)
        let store = try ControlStore.open(home, access: .manager)
        let row = try store.insertStrategy(
            NewStrategy(
                name: "one", className: "one", modulePath: "/torn", configJSON: #"{"seed": 1}"#,
                desiredState: .running))
        let process = ManagedProcess(
            role: .executor(row), name: row.name,
            machine: ProcessStateMachine(kind: .executor, policy: .service, seed: 1))
        process.unwrittenEdits = Self.edits
        try body(store, row, process)
    }

    @Test func rowThatIsBehindIsCorrectedAndOneThatSomebodyWroteIsNot() throws {
        try withStrategy { store, behind, process in
            let corrected = process.current(behind)
            #expect(corrected.modulePath == nil && corrected.configJSON == "{}")
            #expect(corrected.desiredState == .stopped)
            try store.updateStrategy(
                behind.id,
                StrategyChange(modulePath: "/mended", configJSON: #"{"seed": 2}"#, desiredState: .paused))
            let other = try #require(try store.strategy(behind.id))
            #expect(process.current(other) == other)
            process.unwrittenEdits = []
            #expect(process.current(behind) == behind)
        }
    }

    @Test func commandThatBringsANewValueOverrulesIt() throws {
        try withStrategy { store, row, process in
            func corrected(after kind: CommandKind, _ parameters: String = "{}") throws -> StrategyRow {
                let command = try store.insertCommand(
                    kind, strategy: "one", parameters: parameters, issuer: "test")
                return process.current(row, after: command)
            }
            let deployed = try corrected(after: .restart, #"{"module_path": "/torn"}"#)
            #expect(deployed.modulePath == "/torn" && deployed.configJSON == "{}")
            #expect(deployed.desiredState == .running)
            let restarted = try corrected(after: .restart)
            #expect(restarted.modulePath == nil && restarted.desiredState == .running)
            let updated = try corrected(after: .update, #"{"quantity": 2}"#)
            #expect(updated.configJSON == #"{"seed": 1}"# && updated.modulePath == nil)
            #expect(updated.desiredState == .stopped)
        }
    }
}

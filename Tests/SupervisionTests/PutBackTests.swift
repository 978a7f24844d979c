import ControlPlane
import Testing

@testable import Supervision

/// What the manager puts back in a row, whatever rows come before the database has it.
@Suite struct PutBackTests {
    @Test func rowThatIsBehindIsCorrectedAndOneThatSomebodyWroteIsNot() throws {
        let directory = try TemporaryDirectory()
        let home = HomeDirectory(path: directory.path + "/home")
        _ = try ControlStore.create(home)
        let store = try ControlStore.open(home, access: .manager)
        let strategy = try store.insertStrategy(
            NewStrategy(name: "one", className: "one", modulePath: "/torn", configJSON: #"{"seed": 1}"#))
        let path = PutBack.modulePath(from: "/torn", to: nil)
        let text = PutBack.configJSON(from: #"{"seed": 1}"#, to: "{}")
        #expect(path.applied(to: strategy).modulePath == nil)
        #expect(text.applied(to: strategy).configJSON == "{}")
        #expect(text.applied(to: path.applied(to: strategy)).configGeneration == strategy.configGeneration)
        try store.updateStrategy(
            strategy.id, StrategyChange(modulePath: "/mended", configJSON: #"{"seed": 2}"#))
        let other = try #require(try store.strategy(strategy.id))
        #expect(path.applied(to: other) == other && text.applied(to: other) == other)
    }

    @Test func commandThatBringsANewValueOverrulesIt() throws {
        let directory = try TemporaryDirectory()
        let home = HomeDirectory(path: directory.path + "/home")
        _ = try ControlStore.create(home)
        let store = try ControlStore.open(home, access: .manager)
        _ = try store.insertStrategy(NewStrategy(name: "one", className: "one"))
        let path = PutBack.modulePath(from: "/torn", to: nil)
        let text = PutBack.configJSON(from: "{}", to: "{}")
        func command(_ kind: CommandKind, _ parameters: String) throws -> CommandRow {
            try store.insertCommand(kind, strategy: "one", parameters: parameters, issuer: "test")
        }
        let deploy = try command(.restart, #"{"module_path": "/torn"}"#)
        let restart = try command(.restart, "{}")
        let update = try command(.update, #"{"quantity": 2}"#)
        #expect(
            path.isOverruled(by: deploy) && !path.isOverruled(by: restart) && !path.isOverruled(by: update))
        #expect(
            text.isOverruled(by: update) && !text.isOverruled(by: restart) && !text.isOverruled(by: deploy))
    }
}

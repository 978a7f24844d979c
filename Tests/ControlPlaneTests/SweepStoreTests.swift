import ControlPlane
import Foundation
import TestSupport
import Testing

@Suite struct SweepStoreTests {
    private let directory: TemporaryDirectory
    private let definition = SweepStore.Definition(
        json: #"{"class_name":"x"}"#, pointCount: 4, objective: "sharpe", isBetterHigh: true)

    init() throws { directory = try TemporaryDirectory() }

    private func point(_ number: Int, _ objective: Double?, status: SweepPointRow.Status = .completed)
        -> SweepPointRow
    {
        SweepPointRow(
            number: number, parametersJSON: #"{"fast":"\#(number)"}"#, status: status, attempts: 1,
            error: status == .failed ? "its process was ended by signal 9" : nil, objective: objective,
            figuresJSON: #"{"net_pnl":1.5}"#, orderCount: 7, fillCount: 8, orderLogHash: "aa", seconds: 0.5)
    }

    @Test func pointsAreThereWhenItIsOpenedAgain() throws {
        let path = directory.file("a.db")
        let store = try SweepStore(path: path, definition: definition)
        try store.record([point(0, 1), point(1, nil), point(2, 3), point(3, nil, status: .failed)])
        try store.close()
        let again = try SweepStore(path: path, definition: definition)
        #expect(
            try again.points() == [point(0, 1), point(1, nil), point(2, 3), point(3, nil, status: .failed)])
        #expect(try again.finished(includingFailed: true).count == 4)
        #expect(try again.finished(includingFailed: false) == [[0, 0], [0, 1], [0, 2]])
        #expect(try again.best(10).map(\.number) == [2, 0])
        #expect(try SweepStore(existing: path).definition == definition)
        let rows = try TestSupport.SQLiteShell.run("SELECT number, objective, net_pnl FROM best", on: path)
        #expect(rows == ["2|3.0|1.5", "0|1.0|1.5", "1||1.5"])
    }

    @Test func anotherSweepAndOtherFilesAreRefused() throws {
        let path = directory.file("a.db")
        try SweepStore(path: path, definition: definition).close()
        var other = definition
        other.json = "{}"
        let error = try #require(throws: ControlError.self) { try SweepStore(path: path, definition: other) }
        #expect(error.code == .refused && error.context.contains("another sweep"))
        let text = directory.file("text.db")
        try String(repeating: "not a database ", count: 400).write(
            toFile: text, atomically: true, encoding: .utf8)
        let foreign = directory.file("foreign.db")
        try TestSupport.SQLiteShell.run("CREATE TABLE t(a)", on: foreign)
        for path in [text, foreign] {
            let error = try #require(throws: ControlError.self) {
                try SweepStore(path: path, definition: definition)
            }
            #expect(error.code == .notADatabase && error.context.contains(path), "\(error)")
        }
        let missing = try #require(throws: ControlError.self) {
            try SweepStore(existing: directory.file("none.db"))
        }
        #expect(missing.code == .notFound)
        let nowhere = try #require(throws: ControlError.self) {
            try SweepStore(path: directory.file("no/such/a.db"), definition: definition)
        }
        #expect(nowhere.code == .storage)
    }

    @Test func lockedDatabaseSaysWhoHoldsIt() throws {
        let path = directory.file("a.db")
        let store = try SweepStore(path: path, definition: definition)
        let holder = Process()
        holder.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        let script = """
            import sqlite3, sys
            connection = sqlite3.connect(sys.argv[1], isolation_level=None)
            connection.execute("BEGIN IMMEDIATE")
            print("locked", flush=True)
            sys.stdin.readline()
            """
        holder.arguments = ["python3", "-c", script, path]
        let (input, output) = (Pipe(), Pipe())
        holder.standardInput = input
        holder.standardOutput = output
        try holder.run()
        _ = output.fileHandleForReading.availableData
        let error = try #require(throws: ControlError.self) { try store.record([point(0, 1)]) }
        #expect(error.code == .busy && error.context.contains("is locked by"), "\(error)")
        try input.fileHandleForWriting.close()
        holder.waitUntilExit()
        try store.record([point(0, 1)])
        #expect(try store.points().count == 1)
    }

    @Test func mergeJoinsShardsAndACompletedPointWinsOverAFailedOne() throws {
        let first = try SweepStore(path: directory.file("1.db"), definition: definition)
        let second = try SweepStore(path: directory.file("2.db"), definition: definition)
        try first.record([point(0, 1), point(1, nil, status: .failed)])
        try second.record([point(1, 2), point(3, 4)])
        let joined = try SweepStore(path: directory.file("out.db"), definition: definition)
        #expect(try joined.merge(first) == 2 && joined.merge(second) == 2 && joined.merge(second) == 0)
        #expect(try joined.merge(first) == 0)
        #expect(try joined.points() == [point(0, 1), point(1, 2), point(3, 4)])
        var foreign = definition
        foreign.objective = "net_pnl"
        let other = try SweepStore(path: directory.file("3.db"), definition: foreign)
        #expect(throws: ControlError.self) { try joined.merge(other) }
    }
}

import Testing

@testable import Supervision

/// What waits while the database is gone stays bounded, and nothing that is needed is given up.
@Suite struct StoreThreadTests {
    private func write(_ label: String, subject: String? = nil, isDroppable: Bool = false)
        -> StoreThread.Write
    {
        StoreThread.Write(label: label, isDroppable: isDroppable, subject: subject) { _ in }
    }

    @Test func ofManyStatesOfOneThingTheLastIsKeptAndCommandsAreAllKept() {
        var writes = (0..<1_000).flatMap { number in
            [
                write("status \(number)", subject: "status a"), write("sample \(number)", isDroppable: true),
                write("other \(number)", subject: "status b"),
            ]
        }
        writes.insert(write("command 1"), at: 0)
        writes.append(write("command 2"))
        let given = StoreThread.coalesce(&writes)
        #expect(writes.map(\.label) == ["command 1", "status 999", "other 999", "command 2"])
        #expect(given == 2_998)
        #expect(StoreThread.coalesce(&writes) == 0)
    }
}

import ControlPlane
import Foundation
import Supervision
import TestSupport
import Testing

/// With real processes that hold real locks.
@Suite struct LeftBehindTests {
    private let directory: TemporaryDirectory
    private let home: HomeDirectory

    init() throws {
        directory = try TemporaryDirectory()
        home = HomeDirectory(path: directory.file("home"))
        try home.create()
    }

    @Test func holdersThatAreProvenAreLivingAndNobodyIsSignalled() throws {
        let first = try holder(of: "id-1", script: "exec sleep 600")
        let second = try holder(of: "bus", script: "exec sleep 600")
        let found = try LeftBehind(in: home, lastManager: nil)
        #expect(found.living.mapValues(\.handle.pid) == ["id-1": first.processID, "bus": second.processID])
        #expect(found.living["id-1"]?.epoch == 1)
        #expect(found.ended.isEmpty && found.unproven.isEmpty && !found.isContinuation)
        #expect(isHeld("id-1") && isHeld("bus"))
    }

    @Test func anInnocentProcessWithTheNumberInAHeldLockIsNotTakenOver() throws {
        // The holder has the lock, but the text names a process that only has the number of an earlier one.
        let innocent = try holder(of: "other", script: "exec sleep 600")
        let path = home.instanceLockPath("id-1")
        guard case .acquired(let lock) = try InstanceLock.acquire(path: path) else {
            Issue.record("the lock is taken")
            return
        }
        let real = try #require(ProcessIdentity(of: innocent.processID))
        let recycled = ProcessIdentity(pid: real.pid, startTime: real.startTime - 1, bootID: real.bootID)
        try lock.record(InstanceLock.Holder(identity: recycled, epoch: 1))
        let found = try LeftBehind(in: home, lastManager: nil)
        #expect(found.unproven == ["id-1"])
        #expect(found.living.keys.sorted() == ["other"])
        #expect(real.isAlive)
        _ = consume lock
    }

    @Test func aHeldLockWithoutATextIsUnproven() throws {
        guard case .acquired(let lock) = try InstanceLock.acquire(path: home.instanceLockPath("id-1")) else {
            Issue.record("the lock is taken")
            return
        }
        #expect(try LeftBehind(in: home, lastManager: nil).unproven == ["id-1"])
        _ = consume lock
    }

    @Test func locksHeldByNobodyTellWhoHadThem() throws {
        let text = #"{"pid":1,"start_time":1,"boot_id":"x","epoch":3}"# + "\n"
        try text.write(toFile: home.instanceLockPath("id-1"), atomically: false, encoding: .utf8)
        try "".write(toFile: home.instanceLockPath("id-2"), atomically: false, encoding: .utf8)
        let found = try LeftBehind(in: home, lastManager: nil)
        #expect(found.ended.mapValues(\.epoch) == ["id-1": 3])
        #expect(found.living.isEmpty && found.unproven.isEmpty)
    }

    @Test func homeThatNeverRanHasNothing() throws {
        let found = try LeftBehind(in: HomeDirectory(path: directory.file("other")), lastManager: nil)
        #expect(found.living.isEmpty && found.ended.isEmpty && found.unproven.isEmpty)
    }

    @Test func onlyAManagerOfThisBootThatDidNotStopInOrderIsContinued() throws {
        let current = ProcessIdentity.current
        func isContinued(_ boot: String, _ end: InstanceLock.End?) throws -> Bool {
            let identity = ProcessIdentity(pid: 1, startTime: 1, bootID: boot)
            let last = InstanceLock.Holder(identity: identity, epoch: 0, end: end)
            return try LeftBehind(in: home, lastManager: last).isContinuation
        }
        #expect(try isContinued(current.bootID, nil))
        #expect(try !isContinued(current.bootID, InstanceLock.End(exitCode: 0)))
        #expect(try !isContinued("another boot", nil))
    }

    // MARK: - Processes

    /// Starts a shell that holds an instance's lock, as an executor of a manager that is gone does.
    private func holder(of name: String, script: String) throws -> LockHolder {
        guard case .acquired(let lock) = try InstanceLock.acquire(path: home.instanceLockPath(name)) else {
            throw SupervisionError(.lockFailed, "\(name) is taken")
        }
        let pid = try ProcessSpawner.spawn(
            SpawnRequest(
                executablePath: "/bin/sh", arguments: ["sh", "-c", script],
                environment: ["PATH=/usr/bin:/bin"], output: .discarded, lockDescriptor: lock.descriptor))
        let identity = try #require(ProcessIdentity(of: pid))
        try lock.record(InstanceLock.Holder(identity: identity, epoch: 1))
        return LockHolder(processID: pid)
    }

    private func isHeld(_ name: String) -> Bool {
        if case .held? = try? InstanceLock.acquire(path: home.instanceLockPath(name)) { true } else { false }
    }
}

/// A child of the test, reaped at the end whatever happened.
private final class LockHolder {
    let processID: Int32

    init(processID: Int32) { self.processID = processID }

    deinit {
        kill(-processID, SIGKILL)
        var status: Int32 = 0
        waitpid(processID, &status, 0)
    }
}

import ControlPlane
import Foundation
import Supervision
import TestSupport
import Testing

/// With real processes that hold real locks.
@Suite struct LeftOverProcessesTests {
    private let directory: TemporaryDirectory
    private let home: HomeDirectory

    init() throws {
        directory = try TemporaryDirectory()
        home = HomeDirectory(path: directory.file("home"))
        try home.create()
    }

    @Test func processesThatHoldLocksAreEndedAndTheLocksAreFree() throws {
        let first = try holder(of: "id-1", script: "exec sleep 600")
        let second = try holder(of: "bus", script: "exec sleep 600")
        #expect(isHeld("id-1") && isHeld("bus"))
        var lines: [String] = []
        try LeftOverProcesses.end(in: home) { lines.append($0) }
        #expect(becomesFree("id-1") && becomesFree("bus"))
        #expect(
            lines == [
                "process \(second.processID) of an earlier manager holds bus.lock: ending it",
                "process \(first.processID) of an earlier manager holds id-1.lock: ending it",
            ])
        #expect(first.end() == SIGTERM && second.end() == SIGTERM)
    }

    @Test func processThatIgnoresTheRequestIsKilled() throws {
        let stubborn = try holder(
            of: "id-1", script: "trap '' TERM; : > \(ready); while :; do sleep 600; done")
        #expect(waitUntil(seconds: 30) { FileManager.default.fileExists(atPath: ready) })
        try LeftOverProcesses.end(in: home, patience: .milliseconds(300)) { _ in }
        #expect(becomesFree("id-1"))
        #expect(stubborn.end() == SIGKILL)
    }

    @Test func lockThatSaysNotWhoHoldsItIsAnErrorWhenItStaysHeld() throws {
        let path = home.instanceLockPath("id-1")
        guard case .acquired(let lock) = try InstanceLock.acquire(path: path) else {
            Issue.record("the lock is taken")
            return
        }
        let error = try #require(throws: SupervisionError.self) {
            try LeftOverProcesses.end(in: home, patience: .milliseconds(50)) { _ in }
        }
        #expect(error.description.contains(path))
        _ = consume lock
    }

    @Test func locksHeldByNobodyAreNoProblem() throws {
        // What a process that ended leaves: the file, with or without its text, and a lock of a socket.
        let text = #"{"pid":1,"start_time":1,"boot_id":"x","epoch":1}"# + "\n"
        try text.write(toFile: home.instanceLockPath("id-1"), atomically: false, encoding: .utf8)
        try "".write(toFile: home.instanceLockPath("id-2"), atomically: false, encoding: .utf8)
        var lines: [String] = []
        try LeftOverProcesses.end(in: home) { lines.append($0) }
        #expect(lines.isEmpty)
    }

    @Test func homeThatNeverRanIsNoProblem() throws {
        let empty = HomeDirectory(path: directory.file("other"))
        try LeftOverProcesses.end(in: empty) { Issue.record("nothing to report: \($0)") }
    }

    // MARK: - Processes

    private var ready: String { directory.file("ready") }

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

    /// A descriptor that a process being forked elsewhere has copied holds the lock for a moment longer.
    private func becomesFree(_ name: String) -> Bool { waitUntil(seconds: 5) { !isHeld(name) } }

    private func isHeld(_ name: String) -> Bool {
        if case .held? = try? InstanceLock.acquire(path: home.instanceLockPath(name)) { true } else { false }
    }
}

/// A child of the test, reaped at the end whatever happened.
private final class LockHolder {
    let processID: Int32
    private var isReaped = false

    init(processID: Int32) { self.processID = processID }

    /// Waits for its end; the signal that ended it, 0 for an exit.
    func end() -> Int32 {
        var status: Int32 = 0
        let ended = waitUntil(seconds: 30) { waitpid(processID, &status, WNOHANG) == processID }
        isReaped = ended
        return ended ? status & 0x7F : -1
    }

    deinit {
        guard !isReaped else { return }
        kill(-processID, SIGKILL)
        var status: Int32 = 0
        waitpid(processID, &status, 0)
    }
}

import CPlatform
import Supervision
import Testing

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#endif

@Suite(.timeLimit(.minutes(1))) struct InstanceLockTests {
    private enum Seen: Equatable {
        case acquired
        case held(InstanceLock.Holder?)
    }

    private func attempt(_ path: String) throws -> Seen {
        switch try InstanceLock.acquire(path: path) {
        case .acquired: .acquired
        case .held(let holder): .held(holder)
        }
    }

    @Test func heldLockTellsItsHolderAndIsFreeAfterClosing() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("a.lock")
        let holder = InstanceLock.Holder(identity: .current, epoch: 7)
        do {
            guard case .acquired(let lock) = try InstanceLock.acquire(path: path) else {
                Issue.record("a new lock is taken")
                return
            }
            #expect(try attempt(path) == .held(nil))
            try lock.record(holder)
            #expect(try attempt(path) == .held(holder))
            #expect(holder.identity.isAlive)
            _ = lock.descriptor
        }
        #expect(InstanceLock.holder(path: path) == holder)
        // A process that is being spawned by another test has a copy of the descriptor for a moment.
        #expect(await eventually { (try? attempt(path)) == .acquired })
        #expect(InstanceLock.holder(path: path) == nil)
    }

    @Test func lockLivesAsLongAsTheChildThatInheritedIt() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("b.lock")
        let watcher = try ExitWatcher()
        let child: Child
        do {
            guard case .acquired(let lock) = try InstanceLock.acquire(path: path) else {
                Issue.record("a new lock is taken")
                return
            }
            child = try Child(shell: "exec sleep 60", lock: lock.descriptor, watcher: watcher)
            try lock.record(InstanceLock.Holder(identity: child.handle.identity, epoch: 3))
        }
        guard case .held(let holder) = try attempt(path), let holder else {
            Issue.record("the child holds the lock")
            return
        }
        #expect(holder.identity.pid == child.handle.pid && holder.epoch == 3 && holder.identity.isAlive)
        try child.handle.signal(SIGKILL)
        #expect(await child.end() == .signaled(signal: SIGKILL))
        #expect(!holder.identity.isAlive)
        #expect(await eventually { (try? attempt(path)) == .acquired })
    }

    @Test func replacedFileIsNotMistakenForTheLock() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("c.lock")
        guard case .acquired(let lock) = try InstanceLock.acquire(path: path) else {
            Issue.record("a new lock is taken")
            return
        }
        unlink(path)
        // The old file is no protection any more; a new one is made, and from then on it counts.
        guard case .acquired(let second) = try InstanceLock.acquire(path: path) else {
            Issue.record("the new file is locked")
            return
        }
        #expect(try attempt(path) == .held(nil))
        #expect(lock.descriptor != second.descriptor)
    }

    @Test(arguments: [
        "", "{", "{}\n", "pid 5\n", #"{"pid":5,"start_time":6,"boot_id":"x","epoch":7}"#,
        #"{"pid":5,"start_time":6,"boot_id":"x"}"# + "\n",
        #"{"pid":-x,"start_time":6,"boot_id":"x","epoch":7}"# + "\n",
        String(repeating: "x", count: 600) + "\n",
    ])
    func textThatIsNoHolderIsUnknown(text: String) throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("d.lock")
        try writeFile(path, text)
        #expect(InstanceLock.holder(path: path) == nil)
    }

    @Test func endThatTheHolderPutDownIsReadBackAndTheTextStaysAsItIs() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("f.lock")
        let holder = InstanceLock.Holder(identity: .current, epoch: 4)
        do {
            guard case .acquired(let lock) = try InstanceLock.acquire(path: path) else {
                Issue.record("a new lock is taken")
                return
            }
            try lock.record(holder)
            #expect(try InstanceLock.inspect(path: path) == .held(by: holder))
            InstanceLock.recordEnd(InstanceLock.End(exitCode: 0, signal: 15), descriptor: lock.descriptor)
        }
        var ended = holder
        ended.end = InstanceLock.End(exitCode: 0, signal: 15)
        for _ in 0..<2 { #expect(try InstanceLock.inspect(path: path) == .free(last: ended)) }
        #expect(ended.end?.status == .signaled(signal: 15))
        #expect(InstanceLock.End(exitCode: 3, signal: 15).status == .exited(code: 3))
        // Whoever takes the lock next starts with an empty text.
        _ = try attempt(path)
        #expect(InstanceLock.holder(path: path) == nil)
    }

    @Test func aTornEndIsNoEnd() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("g.lock")
        let line = #"{"pid":5,"start_time":6,"boot_id":"x","epoch":7}"# + "\n"
        try writeFile(path, line + #"{"exit_code":0,"sig"#)
        #expect(InstanceLock.holder(path: path)?.epoch == 7)
        #expect(InstanceLock.holder(path: path)?.end == nil)
    }

    @Test func lockInAMissingDirectoryIsAnError() throws {
        let error = #expect(throws: SupervisionError.self) { _ = try attempt("/nonexistent/run/x.lock") }
        #expect(error?.code == .lockFailed && error?.underlying == ENOENT)
    }

    @Test func inheritedLockIsNotHandedOn() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("e.lock")
        guard case .acquired(let lock) = try InstanceLock.acquire(path: path) else {
            Issue.record("a new lock is taken")
            return
        }
        let copy = dup(lock.descriptor)
        #expect(fcntl(copy, F_GETFD) & FD_CLOEXEC == 0)
        let inherited = try InstanceLock(inherited: copy, path: path)
        #expect(fcntl(inherited.descriptor, F_GETFD) & FD_CLOEXEC != 0)
        #expect(throws: SupervisionError.self) { _ = try InstanceLock(inherited: 9999, path: path).path }
    }
}

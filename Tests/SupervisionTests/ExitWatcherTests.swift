import Supervision
import Testing

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#endif

@Suite(.timeLimit(.minutes(2))) struct ExitWatcherTests {
    let watcher: ExitWatcher

    init() throws { watcher = try ExitWatcher() }

    @Test(arguments: [0, 1, 78, 255] as [Int32]) func exitCodeIsReported(code: Int32) async throws {
        #expect(await (try Child(shell: "exit \(code)", watcher: watcher)).end() == .exited(code: code))
    }

    @Test(arguments: [SIGTERM, SIGKILL, SIGABRT, SIGHUP]) func signalIsReported(number: Int32) async throws {
        let child = try Child(shell: "exec sleep 60", watcher: watcher)
        try child.handle.signal(number)
        #expect(await child.end() == .signaled(signal: number))
    }

    @Test func endBeforeWatchingIsReported() async throws {
        let handle = try ProcessHandle(
            child: try ProcessSpawner.spawn(
                SpawnRequest(
                    executablePath: "/bin/sh", arguments: ["sh", "-c", "exit 3"], output: .discarded)))
        #expect(await eventually { handle.hasEnded })
        let (stream, continuation) = AsyncStream.makeStream(of: ChildEnd.self)
        try watcher.watch(handle) { continuation.yield($0) }
        var iterator = stream.makeAsyncIterator()
        #expect(await iterator.next() == .exited(code: 3))
    }

    @Test func groupKillReachesTheGrandchild() async throws {
        let directory = try TemporaryDirectory()
        let output = directory.file("pid")
        let child = try Child(
            shell: "sleep 60 & echo $!; wait", output: .file(path: output), watcher: watcher)
        #expect(await eventually { readFile(output).hasSuffix("\n") })
        let pid = try #require(Int32(readFile(output).dropLast()))
        let grandchild = try #require(ProcessIdentity(of: pid))
        #expect(grandchild.isAlive)
        try child.handle.signalGroup(SIGKILL)
        #expect(await child.end() == .signaled(signal: SIGKILL))
        #expect(await eventually { !grandchild.isAlive })
    }

    @Test func grandchildrenDoNotOutliveTheProcess() async throws {
        let directory = try TemporaryDirectory()
        let output = directory.file("pid")
        let child = try Child(
            shell: "sleep 60 & echo $!; exit 3", output: .file(path: output), watcher: watcher)
        #expect(await child.end() == .exited(code: 3))
        let pid = try #require(Int32(readFile(output).dropLast()))
        #expect(await eventually { ProcessIdentity(of: pid) == nil })
    }

    @Test func zombieOfAnotherParentTellsItsStatus() async throws {
        let directory = try TemporaryDirectory()
        let output = directory.file("pid")
        // The parent does not reap before it has read a line that never comes.
        let parent = try Child(
            shell: "(sleep 1; exit 7) & echo $!; exec sleep 60", output: .file(path: output), watcher: watcher
        )
        #expect(await eventually { readFile(output).hasSuffix("\n") })
        let pid = try #require(Int32(readFile(output).dropLast()))
        let adopted = try ProcessHandle(adopting: try #require(ProcessIdentity(of: pid)))
        let (stream, continuation) = AsyncStream.makeStream(of: ChildEnd.self)
        try watcher.watch(adopted) { continuation.yield($0) }
        var iterator = stream.makeAsyncIterator()
        #if os(Linux)
            #expect(await iterator.next() == .exited(code: 7))
        #else
            #expect(await iterator.next() == .unknown)
        #endif
        try parent.handle.signal(SIGKILL)
        #expect(await parent.end() == .signaled(signal: SIGKILL))
    }

    @Test func endedProcessCannotBeSignalled() async throws {
        let child = try Child(shell: "exit 0", watcher: watcher)
        #expect(await child.end() == .exited(code: 0))
        #expect(throws: SupervisionError.self) { try child.handle.signal(SIGKILL) }
        #expect(throws: SupervisionError.self) { try child.handle.signalGroup(SIGKILL) }
    }

    @Test func stoppedProcessHearsTerminate() async throws {
        let child = try Child(shell: "exec sleep 60", watcher: watcher)
        try child.handle.signal(SIGSTOP)
        try child.handle.terminate()
        #expect(await child.end() == .signaled(signal: SIGTERM))
    }

    @Test func processOfAnotherParentIsSeenToEndWithItsStatusWhereTheSystemTellsIt() async throws {
        let directory = try TemporaryDirectory()
        let output = directory.file("pid")
        let parent = try Child(
            shell: "sleep 60 & echo $!; wait", output: .file(path: output), watcher: watcher)
        #expect(await eventually { readFile(output).hasSuffix("\n") })
        let pid = try #require(Int32(readFile(output).dropLast()))
        let adopted = try ProcessHandle(adopting: try #require(ProcessIdentity(of: pid)))
        let (stream, continuation) = AsyncStream.makeStream(of: ChildEnd.self)
        try watcher.watch(adopted) { continuation.yield($0) }
        try adopted.signal(SIGTERM)
        var iterator = stream.makeAsyncIterator()
        let end = await iterator.next()
        // Linux tells since 6.15, and before of those that nobody has reaped yet.
        #expect(end == .signaled(signal: SIGTERM) || end == .unknown)
        #expect(await parent.end() == .exited(code: 0))
    }

    @Test func identityOfAnotherProcessWithTheSameNumberIsRefused() async throws {
        let child = try Child(shell: "exec sleep 60", watcher: watcher)
        let real = child.handle.identity
        #expect(real.isAlive)
        let impostors = [
            ProcessIdentity(pid: real.pid, startTime: real.startTime + 1, bootID: real.bootID),
            ProcessIdentity(pid: real.pid, startTime: real.startTime, bootID: "another boot"),
        ]
        for impostor in impostors {
            #expect(!impostor.isAlive)
            #expect(throws: SupervisionError.self) { try ProcessHandle(adopting: impostor) }
        }
        _ = try ProcessHandle(adopting: real)
        try child.handle.signal(SIGKILL)
        #expect(await child.end() == .signaled(signal: SIGKILL))
        #expect(!real.isAlive)
        #expect(throws: SupervisionError.self) { try ProcessHandle(adopting: real) }
    }

    @Test func closedWatcherCallsNobodyAndRefusesMore() async throws {
        let other = try ExitWatcher()
        let handle = try ProcessHandle(
            child: try ProcessSpawner.spawn(
                SpawnRequest(executablePath: "/bin/sleep", arguments: ["sleep", "60"], output: .discarded)))
        try other.watch(handle) { _ in Issue.record("called after close") }
        #expect(other.watchedCount == 1)
        other.close()
        other.close()
        #expect(throws: SupervisionError.self) { try other.watch(handle) { _ in } }
        let (stream, continuation) = AsyncStream.makeStream(of: ChildEnd.self)
        try watcher.watch(handle) { continuation.yield($0) }
        try handle.signal(SIGKILL)
        var iterator = stream.makeAsyncIterator()
        #expect(await iterator.next() == .signaled(signal: SIGKILL))
    }

    @Test func waitStatusIsDecoded() {
        #expect(ChildEnd(waitStatus: 0) == .exited(code: 0))
        #expect(ChildEnd(waitStatus: 78 << 8) == .exited(code: 78))
        #expect(ChildEnd(waitStatus: 9) == .signaled(signal: 9))
        #expect(ChildEnd(waitStatus: 0x80 | 11) == .signaled(signal: 11))
        #expect(ChildEnd(waitStatus: 0x137F) == nil)
    }
}

@Suite(.timeLimit(.minutes(2))) struct SpawnLeakTests {
    @Test func fiveHundredSpawnsLeaveNoZombieAndNoDescriptor() async throws {
        let watcher = try ExitWatcher()
        let request = SpawnRequest(executablePath: "/bin/true", arguments: ["true"], output: .discarded)
        var pids: [Int32] = []
        for _ in 0..<10 {
            var children: [Child] = []
            for _ in 0..<50 { children.append(try Child(request, watcher: watcher)) }
            for child in children {
                #expect(await child.end() == .exited(code: 0))
                pids.append(child.handle.pid)
            }
        }
        #expect(watcher.watchedCount == 0)
        // Reaped: waitpid knows none of them any more.
        for pid in pids {
            var status: Int32 = 0
            #expect(waitpid(pid, &status, WNOHANG) == -1 && errno == ECHILD)
        }
        // Other tests run at the same time and have a few descriptors open, but by far not one per spawn.
        let isBackToNormal = await eventually { DescriptorTable.openDescriptors().count < 200 }
        #expect(isBackToNormal)
        #expect(pids.count == 500)
    }
}

import Supervision
import Testing

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#endif

/// Many starts and ends, as the manager does them, leave nothing behind. `SUPERVISION_STARTS=10000` chooses the number.
@Suite(.serialized, .timeLimit(.minutes(10))) struct ManyStartsTests {
    @Test func noZombieNoDescriptorAndNoLockIsLeft() async throws {
        let count = getenv("SUPERVISION_STARTS").flatMap { Int(String(cString: $0)) } ?? 1000
        let directory = try TemporaryDirectory()
        let watcher = try ExitWatcher()
        let log = LogFile(path: directory.file("many.log"))
        // The first ones open what stays open, such as the thread's own descriptors, and so does the first sleep.
        try await Task.sleep(for: .milliseconds(1))
        for number in 0..<10 { try await startAndEnd(number, directory.file("warm.lock"), log, watcher) }
        let descriptors = DescriptorTable.openDescriptors()
        let begin = MonotonicClock.now
        for number in 0..<count {
            try await startAndEnd(number, directory.file("\(number % 20).lock"), log, watcher)
        }
        let elapsed = MonotonicClock.now - begin
        #expect(watcher.watchedCount == 0)
        let left = await eventually { DescriptorTable.openDescriptors().count <= descriptors.count }
        #expect(left, "\(DescriptorTable.openDescriptors()) instead of \(descriptors)")
        print("\(count) starts and ends in \(elapsed): \(elapsed / count) each, nothing left")
    }

    /// One life: lock, log, start, hold, watch, end by exit or by signal.
    private func startAndEnd(
        _ number: Int, _ lockPath: String, _ log: LogFile, _ watcher: ExitWatcher
    ) async throws {
        let isKilled = number % 2 == 1
        let (stream, continuation) = AsyncStream.makeStream(of: ChildEnd.self)
        let pid = try start(isKilled ? "exec sleep 60" : "exit 3", lockPath, log, watcher, continuation)
        if isKilled { kill(-pid, SIGKILL) }
        var iterator = stream.makeAsyncIterator()
        #expect(await iterator.next() == (isKilled ? .signaled(signal: SIGKILL) : .exited(code: 3)))
        // Reaped: nobody has this number any more, or somebody else.
        #expect(waitpid(pid, nil, WNOHANG) == -1 && errno == ECHILD)
    }

    private func start(
        _ script: String, _ lockPath: String, _ log: LogFile, _ watcher: ExitWatcher,
        _ continuation: AsyncStream<ChildEnd>.Continuation
    ) throws -> Int32 {
        let output = try log.openForAppend()
        defer { close(output) }
        let end = MonotonicClock.now + .seconds(10)
        while MonotonicClock.now < end {
            // Another test's child may have a copy of the lock until its exec.
            guard case .acquired(let lock) = try InstanceLock.acquire(path: lockPath) else { continue }
            let pid = try ProcessSpawner.spawn(
                SpawnRequest(
                    executablePath: "/bin/sh", arguments: ["sh", "-c", script],
                    environment: ["PATH=/usr/bin:/bin"],
                    output: .descriptor(output), lockDescriptor: lock.descriptor))
            let handle = try ProcessHandle(child: pid)
            try lock.record(InstanceLock.Holder(identity: handle.identity, epoch: 1))
            try watcher.watch(handle) { continuation.yield($0) }
            return pid
        }
        throw SupervisionError(.lockFailed, "\(lockPath) is held")
    }
}

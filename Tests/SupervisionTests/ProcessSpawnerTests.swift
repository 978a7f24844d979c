import CPlatform
import Supervision
import Testing

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#endif

@Suite(.timeLimit(.minutes(1))) struct ProcessSpawnerTests {
    let watcher: ExitWatcher

    init() throws { watcher = try ExitWatcher() }

    #if os(Linux)
        @Test func childHasEmptySignalMaskAndDefaultDispositionsAlthoughTheParentHasNot() async throws {
            let directory = try TemporaryDirectory()
            let output = directory.file("status")
            // On a thread of its own: a blocked signal would stay blocked in a thread of the test's pool.
            let child = try await onBlockedThread {
                try Child(
                    SpawnRequest(
                        executablePath: "/bin/cat", arguments: ["cat", "/proc/self/status"],
                        output: .file(path: output)),
                    watcher: watcher)
            }
            #expect(await child.end() == .exited(code: 0))
            let lines = readFile(output).split(separator: "\n")
            // Signals 32 and 33 belong to glibc, which leaves them ignored in every spawned process.
            let ownOfLibc: UInt64 = 0x1_8000_0000
            for name in ["SigBlk", "SigIgn", "SigCgt"] {
                let line = try #require(lines.first { $0.hasPrefix("\(name):\t") })
                let set = try #require(UInt64(line.dropFirst(8), radix: 16))
                #expect(set & ~ownOfLibc == 0, "\(line)")
            }
        }

        private func onBlockedThread(_ body: @Sendable () throws -> Child) async throws -> Child {
            var block = sigset_t()
            var before = sigset_t()
            sigemptyset(&block)
            for number in [SIGUSR1, SIGTERM, SIGCHLD, SIGHUP] { sigaddset(&block, number) }
            // No suspension point between these lines, so the same thread runs all of them.
            pthread_sigmask(SIG_BLOCK, &block, &before)
            let handler = signal(SIGPIPE, SIG_IGN)
            defer {
                signal(SIGPIPE, handler)
                pthread_sigmask(SIG_SETMASK, &before, nil)
            }
            return try body()
        }

        @Test func childHasOnlyTheDescriptorsNamed() async throws {
            let directory = try TemporaryDirectory()
            // Deliberately not close-on-exec, as a careless library would leave them.
            let leaked = [open("/dev/null", O_RDONLY), open("/dev/null", O_RDONLY)]
            var pair: [Int32] = [0, 0]
            try #require(pipe(&pair) == 0)
            defer { for descriptor in leaked + pair { close(descriptor) } }
            for (bootstrap, lock, expected) in [
                (pair[0], pair[1], ["0", "1", "2", "3", "4"]), (nil, nil, ["0", "1", "2"]),
                (nil, pair[1], ["0", "1", "2", "4"]), (pair[0], nil, ["0", "1", "2", "3"]),
            ] as [(Int32?, Int32?, [String])] {
                let output = directory.file("list")
                try writeFile(output, "")
                let child = try Child(
                    shell: "exec ls /proc/self/fd", output: .file(path: output), bootstrap: bootstrap,
                    lock: lock,
                    watcher: watcher)
                #expect(await child.end() == .exited(code: 0))
                // `ls` has one more for the directory that it reads, at the lowest free number.
                let numbers = readFile(output).split(separator: "\n").map(String.init)
                let own = (0...9).map(String.init).first { !expected.contains($0) }
                #expect(numbers == (expected + [own ?? ""]).sorted())
            }
        }
    #endif

    @Test func childLeadsASessionAndAGroupOfItsOwn() async throws {
        let child = try Child(shell: "sleep 60", watcher: watcher)
        #expect(getsid(child.handle.pid) == child.handle.pid)
        #expect(getpgid(child.handle.pid) == child.handle.pid)
        try child.handle.signalGroup(SIGKILL)
        #expect(await child.end() == .signaled(signal: SIGKILL))
    }

    @Test func outputIsAppendedAndInputIsEmpty() async throws {
        let directory = try TemporaryDirectory()
        let output = directory.file("log")
        try writeFile(output, "before\n")
        let first = try Child(
            shell: "cat; echo out; echo err >&2", output: .file(path: output), watcher: watcher)
        #expect(await first.end() == .exited(code: 0))
        let descriptor = try LogFile(path: output).openForAppend()
        defer { close(descriptor) }
        let second = try Child(shell: "echo more", output: .descriptor(descriptor), watcher: watcher)
        #expect(await second.end() == .exited(code: 0))
        #expect(readFile(output) == "before\nout\nerr\nmore\n")
    }

    @Test func environmentAndArgumentsAreThoseGivenAndNoOthers() async throws {
        let directory = try TemporaryDirectory()
        let output = directory.file("environment")
        let request = SpawnRequest(
            executablePath: "/usr/bin/env", arguments: ["env"], environment: ["A=1", "B=two words"],
            output: .file(path: output))
        #expect(await (try Child(request, watcher: watcher)).end() == .exited(code: 0))
        #expect(readFile(output) == "A=1\nB=two words\n")
    }

    @Test func bootstrapSocketTalksToTheParent() async throws {
        var pair: [Int32] = [0, 0]
        #if os(Linux)
            let type = Int32(SOCK_STREAM.rawValue)
        #else
            let type = SOCK_STREAM
        #endif
        try #require(socketpair(AF_UNIX, type, 0, &pair) == 0)
        defer { close(pair[0]) }
        let child = try Child(
            shell: "read word <&3; echo got-$word >&3", bootstrap: pair[1], watcher: watcher)
        close(pair[1])
        try #require(write(pair[0], "secret\n", 7) == 7)
        #expect(await child.end() == .exited(code: 0))
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = read(pair[0], &bytes, 64)
        #expect(String(decoding: bytes[..<max(0, count)], as: UTF8.self) == "got-secret\n")
    }

    @Test func descriptorsThatStandInEachOthersPlacesArriveInTheRightOnes() async throws {
        let directory = try TemporaryDirectory()
        for name in ["one", "two", "log"] { try writeFile(directory.file(name), "\(name)\n") }
        let one = cplatform_open(directory.file("one"), O_RDONLY, 0)
        let two = cplatform_open(directory.file("two"), O_RDONLY, 0)
        defer {
            close(one)
            close(two)
        }
        // Both ways round: whichever number is the lower one, one of the two would be overwritten by a plain dup2.
        for (bootstrap, lock, text) in [(one, two, "log\none\ntwo\n"), (two, one, "log\ntwo\none\n")] {
            lseek(one, 0, SEEK_SET)
            lseek(two, 0, SEEK_SET)
            try writeFile(directory.file("log"), "log\n")
            let child = try Child(
                shell: "cat <&3; cat <&4", output: .file(path: directory.file("log")), bootstrap: bootstrap,
                lock: lock,
                watcher: watcher)
            #expect(await child.end() == .exited(code: 0))
            #expect(readFile(directory.file("log")) == text)
        }
    }

    @Test func failuresSayWhatAndWhatToDo() throws {
        let directory = try TemporaryDirectory()
        let notExecutable = directory.file("data")
        try writeFile(notExecutable, "text")
        func failure(_ path: String, output: SpawnRequest.Output = .discarded) -> SupervisionError? {
            do throws(SupervisionError) {
                _ = try ProcessSpawner.spawn(
                    SpawnRequest(executablePath: path, arguments: ["x"], output: output))
                return nil
            } catch {
                return error
            }
        }
        let missing = try #require(failure(directory.file("missing")))
        #expect(missing.code == .spawnFailed && missing.underlying == ENOENT && !missing.isTransient)
        #expect(
            missing.description
                == "spawn failed: start \(directory.file("missing")): No such file or directory (ENOENT); "
                + "check that the path is right and that the file has been built")
        #expect(failure(notExecutable)?.underlying == EACCES)
        chmod(notExecutable, 0o700)
        #expect(failure(notExecutable)?.underlying == ENOEXEC)
        #expect(failure("/bin/sh", output: .descriptor(9999))?.underlying == EBADF)
        #expect(failure("/bin/sh", output: .file(path: directory.file("no/log")))?.underlying == ENOENT)
        #expect(failure("/bin/sh\0x")?.code == .spawnFailed)
        #expect(SupervisionError(.spawnRefusedForNow, "x", errno: EAGAIN).isTransient)
    }
}

import Supervision
import Testing

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#endif

@Suite struct HeldExecutableTests {
    private let hashOfABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

    @Test func contentIsWithinReachAfterAnotherFileHasTakenItsPlace() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("desk")
        try writeFile(path, "abc")
        let held = try #require(HeldExecutable(path: path))
        #expect(FileIdentity(path: path) == held.identity)
        #expect(held.knownSHA256 == nil)
        try writeFile(path + ".new", "another")
        #expect(rename(path + ".new", path) == 0)
        #expect(FileIdentity(path: path) != held.identity)
        #expect(try held.sha256() == hashOfABC && held.knownSHA256 == hashOfABC)
        let copies = directory.file("copies")
        let copy = try held.copy(to: copies)
        #expect(copy == "\(copies)/\(hashOfABC)/desk" && readFile(copy) == "abc")
        #expect(access(copy, X_OK) == 0)
        #expect(try held.copy(to: copies) == copy, "a second copy is not made")
        unlink(copy)
        rmdir("\(copies)/\(hashOfABC)")
        rmdir(copies)
    }

    @Test func contentThatWasChangedInPlaceIsNotTakenForTheOld() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("desk")
        try writeFile(path, "abc")
        let held = try #require(HeldExecutable(path: path))
        _ = try held.sha256()
        try writeFile(path, "abd")
        let copies = directory.file("copies")
        let error = #expect(throws: SupervisionError.self) { try held.copy(to: copies) }
        #expect(error?.description.contains("changed in place") == true)
        #expect(!exists("\(copies)/\(hashOfABC)/desk"))
        rmdir("\(copies)/\(hashOfABC)")
        rmdir(copies)
    }

    @Test func whatAProcessRunsIsTheFileItWasStartedFrom() async throws {
        let watcher = try ExitWatcher()
        let child = try Child(shell: "exec sleep 60", watcher: watcher)
        let identity = child.handle.identity
        #expect(await eventually { child.handle.executablePath?.hasSuffix("sleep") ?? true })
        let held = try #require(HeldExecutable(runningAs: identity.pid, path: "/bin/sh"))
        #if os(Linux)
            #expect(held.identity != FileIdentity(path: "/bin/sh"))
        #endif
        try child.handle.signal(SIGKILL)
        #expect(await child.end() == .signaled(signal: SIGKILL))
        #expect(HeldExecutable(path: "/nonexistent") == nil)
    }
}

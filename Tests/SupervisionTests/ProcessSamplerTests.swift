import Testing
import TradingModel

@testable import Supervision

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#endif

@Suite(.timeLimit(.minutes(1))) struct ProcessSamplerTests {
    @Test func busyProcessUsesTimeAndMemoryAndAnEndedOneNothing() async throws {
        let watcher = try ExitWatcher()
        let child = try Child(shell: "while :; do :; done", watcher: watcher)
        let pid = child.handle.pid
        var sampler = ProcessSampler()
        let start = MonotonicTime(nanoseconds: 0)
        let firstSample = sampler.sample(pid, now: start)
        let first = try #require(firstSample)
        #expect(first.cpuShare == nil)
        let deadline = MonotonicClock.now + .seconds(20)
        var later = first
        while later.cpuTime < first.cpuTime + .milliseconds(100), MonotonicClock.now < deadline {
            var other = ProcessSampler()
            let sample = other.sample(pid, now: start)
            later = try #require(sample)
            try await Task.sleep(for: .milliseconds(1))
        }
        // The time is given: all that was used since counts for one virtual second.
        let secondSample = sampler.sample(pid, now: start + .seconds(1))
        let second = try #require(secondSample)
        #expect(second.residentBytes > 100_000)
        let share = try #require(second.cpuShare)
        #expect(abs(share - (second.cpuTime - first.cpuTime) / .seconds(1)) < 1e-9)
        #expect(share >= 0.1)
        let third = sampler.sample(pid, now: start + .seconds(1))
        #expect(third != nil && third?.cpuShare == nil)
        try child.handle.signal(SIGKILL)
        #expect(await child.end() == .signaled(signal: SIGKILL))
        let ended = sampler.sample(pid, now: start + .seconds(2))
        let nobody = sampler.sample(0, now: start)
        #expect(ended == nil && nobody == nil)
    }

    #if os(Linux)
        @Test func statLineWithAHostileNameIsParsed() throws {
            let line =
                "42 (a) S (b) c) Z 1 42 42 0 -1 4194560 1 2 3 4 150 50 7 8 20 0 1 0 987654 12345 321 18446744073709551615 1 1"
            let stat = try #require(Array(line.utf8).withUnsafeBytes { ProcStat($0) })
            #expect(stat.cpuTicks == 200 && stat.startTicks == 987_654)
            #expect(stat.hasEnded)
            let statm = Array("660 321 302 5 0 90 0\n".utf8)
            #expect(statm.withUnsafeBytes { ProcStat.residentPages(statm: $0) } == 321)
            #expect(statm.prefix(5).withUnsafeBytes { ProcStat.residentPages(statm: $0) } == nil)
            for length in [0, 1, 5, 20, 60] {
                #expect(Array(line.utf8.prefix(length)).withUnsafeBytes { ProcStat($0) } == nil)
            }
        }

        @Test(arguments: [1, 9, 10, 4_194_304, Int32.max]) func statPathIsTheOneOfTheProcess(pid: Int32) {
            #expect(ProcStat.withPath(of: pid) { String(cString: $0) } == "/proc/\(pid)/stat")
        }
    #endif

    @Test func ownIdentityIsAliveAndNobodyIsNot() {
        #expect(ProcessIdentity.current.isAlive)
        #expect(ProcessIdentity(of: getpid()) == .current)
        #expect(ProcessIdentity(of: 0) == nil && ProcessIdentity(of: -1) == nil)
        #expect(!ProcessIdentity.currentBootID.isEmpty && ProcessIdentity.currentBootID != "unknown")
    }

    @Test func clocksGoForward() {
        let monotonic = MonotonicClock.now
        #expect(MonotonicClock.now >= monotonic)
        #expect(WallClock.now.nanoseconds > 1_700_000_000_000_000_000)
    }
}

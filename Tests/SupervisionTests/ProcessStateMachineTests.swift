import Testing
import TradingModel

@testable import Supervision

@Suite struct ProcessStateMachineTests {
    @Test func startIsExecutedWhenTheProcessIsReady() {
        var bench = Bench()
        #expect(
            bench.send(.operatorStart(commandID: "a"))
                == [.setStatus(.starting, reason: ""), .spawn(epoch: 1, isPaused: false)])
        #expect(bench.send(.spawned(pid: 5, epoch: 1)) == [])
        #expect(
            bench.send(.ready(epoch: 1))
                == [.setStatus(.running, reason: ""), .finishCommand(id: "a", .executed)])
    }

    @Test func stopTermsFirstThenKillsThenIsStuckAndNeverStartsASecondCopy() {
        var bench = Bench()
        bench.becomeRunning()
        #expect(
            bench.send(.operatorStop(commandID: "s")) == [
                .setStatus(.stopping, reason: "stopped by operator"), .sendStop(epoch: 1),
                .signalTerminate(epoch: 1),
            ])
        bench.pass(.seconds(9))
        #expect(bench.send(.tick) == [])
        bench.pass(.seconds(1))
        #expect(bench.send(.tick) == [.signalKill(epoch: 1)])
        bench.pass(.seconds(5))
        let reason = "stuck: process 100 cannot be killed"
        #expect(
            bench.send(.tick) == [
                .setStatus(.stuck, reason: "cannot be killed; no other copy is started"), .raiseAlarm(reason),
                .finishCommand(id: "s", .failed(reason: reason)),
            ])
        #expect(
            bench.send(.operatorStart(commandID: "b")) == [
                .finishCommand(
                    id: "b", .failed(reason: reason + "; it is started again when that process has ended"))
            ])
        #expect(bench.run(.seconds(3600)) == [])
        #expect(
            bench.send(.exited(epoch: 1, status: .signaled(signal: 9)))
                == [.setStatus(.starting, reason: ""), .spawn(epoch: 2, isPaused: false)])
    }

    @Test func stopBeforeTheSpawnIsAnsweredReachesTheProcessOnceItIsThere() {
        var bench = Bench()
        bench.send(.operatorStart(commandID: "a"))
        #expect(
            bench.send(.operatorStop(commandID: "s")) == [
                .finishCommand(id: "a", .superseded), .setStatus(.stopping, reason: "stopped by operator"),
            ])
        bench.pass(.seconds(9))
        #expect(bench.send(.spawned(pid: 5, epoch: 1)) == [.sendStop(epoch: 1), .signalTerminate(epoch: 1)])
        #expect(bench.run(.seconds(9)) == [])
        #expect(bench.run(.seconds(1)) == [.signalKill(epoch: 1)])
        bench.send(.exited(epoch: 1, status: .signaled(signal: 9)))
        #expect(bench.results(of: "s") == [.executed])
    }

    @Test func spawnThatFailsAfterAStopIsAStop() {
        var bench = Bench()
        bench.send(.operatorStart(commandID: nil), .operatorStop(commandID: "s"))
        bench.send(.spawnFailed(reason: "x", isTransient: false))
        #expect(bench.machine.status == .stopped && bench.results(of: "s") == [.executed])
    }

    @Test func crashWhileAStartWaitsKeepsItOpenUntilReady() {
        var bench = Bench()
        bench.send(.operatorStart(commandID: "a"), .spawned(pid: 5, epoch: 1))
        bench.send(.exited(epoch: 1, status: .signaled(signal: 11)))
        #expect(bench.machine.status == .backoff && bench.results(of: "a") == [])
        bench.respawn(pid: 6)
        bench.send(.ready(epoch: 2))
        #expect(bench.results(of: "a") == [.executed])
    }

    @Test func crashLoopIsAnErrorAndFailsTheStart() {
        var bench = Bench()
        bench.send(.operatorStart(commandID: "a"))
        for epoch in 1...5 as ClosedRange<UInt32> {
            bench.send(.spawned(pid: 5, epoch: epoch))
            bench.send(.exited(epoch: epoch, status: .exited(code: 1)))
            if epoch < 5 { bench.run(.seconds(5)) }
        }
        let reason =
            "crash loop: 5 unstable ends within 300 s, the last: exited with code 1 before it was ready"
        #expect(bench.machine.status == .error && bench.machine.reason == reason)
        #expect(bench.results(of: "a") == [.failed(reason: reason)])
        #expect(bench.log.contains(.raiseAlarm(reason)))
        #expect(bench.machine.nextDeadline == nil)
        bench.send(.operatorStart(commandID: "b"), .spawned(pid: 9, epoch: 6), .ready(epoch: 6))
        #expect(bench.results(of: "b") == [.executed])
        bench.send(.exited(epoch: 6, status: .exited(code: 1)))
        #expect(bench.machine.status == .backoff, "the operator's start has cleared the budget")
    }

    @Test func sixtySecondsOfRunningResetTheBudget() {
        var policy = RestartPolicy()
        policy.isWatched = false
        var bench = Bench(policy: policy)
        bench.becomeRunning()
        for _ in 1...20 {
            bench.run(.seconds(60))
            bench.send(.exited(epoch: bench.machine.epoch, status: .unknown))
            #expect(bench.machine.status == .backoff)
            bench.run(.milliseconds(301))
            bench.send(.spawned(pid: 5, epoch: bench.machine.epoch), .ready(epoch: bench.machine.epoch))
            #expect(bench.machine.status == .running, "the pause is the first one again")
        }
    }

    @Test func restartIsExecutedByTheNewEpochOnly() {
        var bench = Bench()
        bench.becomeRunning()
        bench.send(.operatorRestart(commandID: "r"), .ready(epoch: 1), .heartbeat(epoch: 1))
        #expect(bench.results(of: "r") == [])
        bench.send(.exited(epoch: 1, status: .exited(code: 0)), .ready(epoch: 1))
        #expect(bench.machine.status == .starting && bench.machine.epoch == 2)
        bench.send(.spawned(pid: 6, epoch: 2), .ready(epoch: 2))
        #expect(bench.results(of: "r") == [.executed])
    }

    @Test func restartDuringAStartNeedsAThirdProcess() {
        var bench = Bench()
        bench.send(
            .operatorStart(commandID: "a"), .spawned(pid: 5, epoch: 1), .operatorRestart(commandID: "r"))
        bench.send(.ready(epoch: 1), .exited(epoch: 1, status: .signaled(signal: 15)))
        bench.send(.spawned(pid: 6, epoch: 2), .ready(epoch: 2))
        #expect(bench.results(of: "a") == [.executed] && bench.results(of: "r") == [.executed])
    }

    @Test func pauseWhileStartingIsDoneOnceReady() {
        var bench = Bench()
        bench.send(.operatorStart(commandID: "a"), .spawned(pid: 5, epoch: 1), .operatorPause(commandID: "p"))
        #expect(bench.results(of: "p") == [])
        #expect(bench.send(.ready(epoch: 1)).contains(.sendPause(epoch: 1)))
        #expect(bench.results(of: "a") == [.executed])
        bench.send(.pausedConfirmed(epoch: 1))
        #expect(bench.machine.status == .paused && bench.results(of: "p") == [.executed])
    }

    @Test func pausedProcessComesBackPausedAfterACrashAndARestart() {
        var bench = Bench()
        bench.becomeRunning()
        bench.send(.operatorPause(commandID: "p"), .pausedConfirmed(epoch: 1))
        bench.send(.exited(epoch: 1, status: .signaled(signal: 9)))
        let actions = bench.run(.seconds(1))
        #expect(actions.contains(.spawn(epoch: 2, isPaused: true)))
        bench.send(.spawned(pid: 6, epoch: 2), .ready(epoch: 2))
        #expect(bench.machine.status == .paused)
        bench.send(.operatorRestart(commandID: "r"))
        #expect(
            bench.send(.exited(epoch: 2, status: .exited(code: 0)))
                == [.setStatus(.starting, reason: ""), .spawn(epoch: 3, isPaused: true)])
        bench.send(.spawned(pid: 7, epoch: 3), .ready(epoch: 3))
        #expect(bench.results(of: "r") == [.executed] && bench.machine.status == .paused)
    }

    @Test func lostPauseIsRepeatedAndTheCommandFailsWhenNobodyConfirms() {
        var policy = RestartPolicy()
        policy.isWatched = false
        var bench = Bench(policy: policy)
        bench.becomeRunning()
        bench.send(.operatorPause(commandID: "p"))
        let actions = bench.run(.milliseconds(9_500))
        #expect(actions == Array(repeating: .sendPause(epoch: 1), count: 9))
        bench.run(.seconds(1))
        #expect(bench.results(of: "p").count == 1 && bench.results(of: "p") != [.executed])
        bench.send(.operatorPause(commandID: "q"))
        #expect(bench.results(of: "q") == [], "a later command has a time of its own")
        bench.send(.pausedConfirmed(epoch: 1))
        #expect(bench.results(of: "q") == [.executed] && bench.machine.status == .paused)
    }

    @Test func startSupersedesAPauseAndWaitsUntilTradingGoesOn() {
        var bench = Bench()
        bench.becomeRunning()
        bench.send(.operatorPause(commandID: "p"), .operatorStart(commandID: "a"))
        #expect(bench.results(of: "p") == [.superseded] && bench.results(of: "a") == [])
        bench.send(.pausedConfirmed(epoch: 1))
        #expect(bench.results(of: "a") == [])
        bench.send(.resumedConfirmed(epoch: 1))
        #expect(bench.results(of: "a") == [.executed] && bench.machine.desired == .running)
    }

    @Test func resumeAfterAnUnconfirmedPauseWaitsForItsConfirmation() {
        var bench = Bench()
        bench.becomeRunning()
        bench.send(.operatorPause(commandID: "p"))
        #expect(bench.send(.operatorResume(commandID: "r")).contains(.sendResume(epoch: 1)))
        #expect(bench.results(of: "p") == [.superseded] && bench.results(of: "r") == [])
        bench.send(.pausedConfirmed(epoch: 1))
        #expect(bench.results(of: "r") == [])
        bench.send(.resumedConfirmed(epoch: 1))
        #expect(bench.results(of: "r") == [.executed] && bench.machine.status == .running)
    }

    @Test func silenceIsLateThenStalledAndKilled() {
        var bench = Bench()
        bench.becomeRunning()
        #expect(bench.run(.seconds(3)) == [.setHealth(.late)])
        #expect(bench.send(.heartbeat(epoch: 1)) == [.setHealth(.ok)])
        let actions = bench.run(.seconds(10))
        #expect(actions.first == .setHealth(.late) && actions.contains(.setHealth(.stalled)))
        #expect(actions.last == .signalKill(epoch: 1) && bench.machine.status == .stopping)
        bench.send(.exited(epoch: 1, status: .signaled(signal: 9)))
        #expect(bench.machine.status == .backoff && bench.machine.reason == "no heartbeat for 10 s")
        #expect(bench.machine.health == .ok)
    }

    @Test func deadlinesStandStillWithoutBusAndWhileTheManagerIsStalled() {
        var bench = Bench()
        bench.becomeRunning()
        bench.pass(.seconds(2))
        bench.send(.busLost)
        #expect(bench.run(.seconds(50)) == [], "nobody is late without a bus, and stability needs 60 s")
        bench.send(.busBack)
        #expect(bench.machine.nextDeadline == bench.now + .seconds(1))
        bench.pass(.seconds(100))
        bench.send(.managerStalled(by: .seconds(100)))
        #expect(bench.machine.nextDeadline == bench.now + .seconds(1))
        #expect(bench.run(.seconds(1)) == [.setHealth(.late)])
    }

    @Test func killComesInTimeEvenWithoutABusButNotForTheManagersOwnStall() {
        var bench = Bench()
        bench.becomeRunning()
        bench.send(.busLost, .operatorStop(commandID: nil))
        bench.pass(.seconds(30))
        bench.send(.managerStalled(by: .seconds(25)))
        #expect(bench.send(.tick) == [])
        #expect(bench.run(.seconds(5)) == [.signalKill(epoch: 1)])
    }

    @Test func readyTimeoutKillsAndCountsAsUnstable() {
        var bench = Bench()
        bench.send(.operatorStart(commandID: "a"), .spawned(pid: 5, epoch: 1))
        #expect(
            bench.run(.seconds(10)) == [
                .setStatus(.stopping, reason: "not ready within 10 s"), .signalKill(epoch: 1),
            ])
        bench.send(.exited(epoch: 1, status: .signaled(signal: 9)))
        #expect(bench.machine.status == .backoff && bench.results(of: "a") == [])
    }

    @Test func rejectedConfigurationIsAnErrorWithItsReason() {
        var bench = Bench()
        bench.send(.operatorStart(commandID: "a"), .configurationRejected(reason: "no such symbol"))
        #expect(bench.machine.status == .error && bench.machine.reason == "configuration: no such symbol")
        #expect(bench.results(of: "a") == [.failed(reason: "configuration: no such symbol")])
        bench.send(.operatorStart(commandID: "b"), .spawned(pid: 5, epoch: 2))
        bench.send(.configurationRejected(reason: "x"), .exited(epoch: 2, status: .exited(code: 78)))
        #expect(bench.machine.status == .error && bench.machine.reason == "configuration: x")
        bench.send(.operatorStart(commandID: "c"), .spawned(pid: 6, epoch: 3))
        bench.send(.exited(epoch: 3, status: .exited(code: 78)))
        #expect(bench.machine.reason == "configuration: exited with code 78; its log says why")
    }

    @Test func failedDeploymentGoesBackAndTheCommandSaysFailed() {
        var bench = Bench()
        bench.becomeRunning()
        bench.send(.operatorRestart(commandID: "r"), .exited(epoch: 1, status: .exited(code: 0)))
        bench.send(.spawnFailed(reason: "ENOENT", isTransient: false))
        #expect(bench.results(of: "r") == [.failed(reason: "could not be started: ENOENT")])
        bench.send(.fellBack(reason: "new binary missing"))
        #expect(bench.machine.status == .starting && bench.machine.epoch == 3)
        bench.send(.spawned(pid: 9, epoch: 3), .ready(epoch: 3), .operatorRestart(commandID: "q"))
        bench.send(.exited(epoch: 3, status: .exited(code: 0)), .spawned(pid: 10, epoch: 4))
        bench.send(.exited(epoch: 4, status: .exited(code: 1)), .fellBack(reason: "not ready"))
        #expect(bench.results(of: "q") == [.failed(reason: "not ready")] && bench.machine.status == .starting)
    }

    @Test func completionKeepsTheProcessStoppedAndServicesStartAgain() {
        var bench = Bench()
        bench.becomeRunning()
        #expect(
            bench.send(.exited(epoch: 1, status: .exited(code: 0)))
                == [.setDesired(.stopped), .setStatus(.stopped, reason: "completed")])
        var service = Bench(kind: .service, policy: .service)
        service.becomeRunning()
        for _ in 0..<50 {
            service.send(.exited(epoch: service.machine.epoch, status: .exited(code: 0)))
            #expect(service.machine.status == .backoff)
            service.respawn(pid: 5)
            service.send(.ready(epoch: service.machine.epoch))
        }
        let alarmCount = service.log.count { if case .raiseAlarm = $0 { true } else { false } }
        #expect(alarmCount == 10, "one alarm for every five ends, and restarts go on")
        service.send(.operatorPause(commandID: "p"))
        #expect(service.results(of: "p") == [.failed(reason: "a service cannot be paused or resumed")])
    }

    @Test func managerThatStopsLeavesTheDesiredStateAndTakesNoMoreCommands() {
        var bench = Bench()
        bench.becomeRunning()
        bench.send(.operatorPause(commandID: "p"), .managerStopping)
        #expect(bench.machine.status == .stopping && bench.results(of: "p").count == 1)
        bench.send(.operatorStart(commandID: "a"))
        #expect(bench.results(of: "a").count == 1)
        bench.send(.exited(epoch: 1, status: .exited(code: 0)))
        #expect(bench.machine.status == .stopped && bench.machine.desired == .paused)
    }

    @Test func managerStartBringsTheDesiredStateAbout() {
        for (desired, action) in [
            (.running, .spawn(epoch: 5, isPaused: false)), (.paused, .spawn(epoch: 5, isPaused: true)),
            (.stopped, nil),
        ] as [(Machine.DesiredState, Machine.Action?)] {
            var bench = Bench(desired: desired, lastEpoch: 4)
            #expect(bench.send(.managerStarted).last == action)
        }
    }

    @Test func adoptedProcessIsTakenAsItIsAndBroughtToTheDesiredState() {
        var running = Bench(desired: .running, lastEpoch: 3)
        #expect(
            running.send(.adopted(pid: 50, epoch: 3, mode: .running)) == [
                .setStatus(.running, reason: "adopted")
            ])
        var paused = Bench(desired: .running, lastEpoch: 3)
        #expect(paused.send(.adopted(pid: 50, epoch: 3, mode: .paused)).contains(.sendResume(epoch: 3)))
        var unwanted = Bench(desired: .stopped, lastEpoch: 3)
        #expect(
            unwanted.send(.adopted(pid: 50, epoch: 3, mode: .running)).contains(.signalTerminate(epoch: 3)))
        var silent = Bench(desired: .paused, lastEpoch: 3)
        silent.send(.adopted(pid: 50, epoch: 3, mode: .starting))
        #expect(silent.machine.status == .starting)
        #expect(silent.send(.ready(epoch: 3)).contains(.sendPause(epoch: 3)), "its mode is not known")
        var old = Bench(desired: .running, lastEpoch: 3)
        #expect(old.send(.adopted(pid: 50, epoch: 2, mode: .running)) == [])
        old.send(.adopted(pid: 50, epoch: 3, mode: .running), .exited(epoch: 3, status: .unknown))
        #expect(old.machine.status == .backoff)
    }

    @Test func oldestOfTooManyCommandsGivesWay() {
        var bench = Bench()
        for index in 0...Limits.pendingCommandsMax { bench.send(.operatorStart(commandID: "\(index)")) }
        #expect(bench.results(of: "0") == [.superseded] && bench.results(of: "1") == [])
        #expect(bench.machine.pendingCommandCount == Limits.pendingCommandsMax)
    }
}

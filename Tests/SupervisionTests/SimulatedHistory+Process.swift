import TradingModel

@testable import Supervision

/// How the virtual processes behave.
extension SimulatedHistory {
    mutating func happen(_ happening: Happening) {
        switch happening {
        case .command(let event):
            take(event)
        case .busLost:
            isBusLost = true
            handle(.busLost)
        case .busBack:
            isBusLost = false
            handle(.busBack)
        case .managerKilled:
            isManagerAway = true
        case .managerBack:
            beginNextManager()
        case .stall(let duration):
            // Who does not run cannot be stalled.
            guard !isManagerAway else { return }
            // The processes lived on meanwhile; what they did comes at once, after the stall has been told.
            now = now + duration
            account.stalled += duration
            handle(.managerStalled(by: duration))
        case .spawnAnswered(let epoch):
            answerSpawn(epoch)
        case .arrives(let event, let epoch):
            if epoch == machine.epoch { handle(event) }
        case .becomesReady(let epoch):
            becomeReady(epoch)
        case .beats(let epoch):
            beat(epoch)
        case .fails(let epoch, let status):
            end(epoch, status)
        case .hangs(let epoch):
            if process?.epoch == epoch { process?.isHung = true }
        case .hears(let epoch, let request):
            hear(epoch, request)
        }
    }

    private mutating func answerSpawn(_ epoch: UInt32) {
        guard let process, process.epoch == epoch, process.isAlive else { return }
        // The answer is for the manager that asked.
        let isAsker = !isManagerAway && process.manager == managerCount
        if !isAsker, chance(0.5) {
            // Its manager was killed before it said what the process is to be.
            return plan(.fails(epoch: epoch, .exited(code: 64)), after: .milliseconds(3))
        }
        if isAsker, fault(0.06) {
            self.process?.isAlive = false
            handle(.spawnFailed(reason: "simulated", isTransient: chance(0.6)))
            return
        }
        if isAsker { handle(.spawned(pid: Int32(1000 + epoch), epoch: epoch)) }
        if fault(0.03) {
            deliver(.configurationRejected(reason: "simulated"), epoch)
            plan(.fails(epoch: epoch, .exited(code: 78)), after: .milliseconds(8))
        } else if fault(0.2) {
            plan(.fails(epoch: epoch, .signaled(signal: 11)), after: time(upTo: 3))
        } else if fault(0.05) {
            self.process?.isHung = true
        } else {
            plan(.becomesReady(epoch: epoch), after: fault(0.1) ? time(upTo: 15) : time(upTo: 0.2))
        }
    }

    private mutating func becomeReady(_ epoch: UInt32) {
        guard isResponsive(epoch) else { return }
        process?.isReady = true
        deliver(.ready(epoch: epoch), epoch)
        plan(.beats(epoch: epoch), after: .milliseconds(2500))
        if fault(0.4) {
            let ends: [ChildEnd] = [.exited(code: 1), .signaled(signal: 9), .unknown, .exited(code: 0)]
            plan(.fails(epoch: epoch, ends[Int(generator.next() % 4)]), after: time(upTo: 40))
        } else if fault(0.1) {
            plan(.hangs(epoch: epoch), after: time(upTo: 30))
        }
    }

    private mutating func beat(_ epoch: UInt32) {
        guard let process, process.epoch == epoch, process.isAlive else { return }
        if !process.isHung { deliver(.heartbeat(epoch: epoch), epoch) }
        plan(.beats(epoch: epoch), after: .milliseconds(2500))
    }

    private mutating func hear(_ epoch: UInt32, _ request: Request) {
        if request == .kill {
            guard let process, process.epoch == epoch, process.isAlive else { return }
            plan(.fails(epoch: epoch, .signaled(signal: 9)), after: process.killDelay)
            return
        }
        guard isResponsive(epoch) else { return }
        switch request {
        case .pause where process?.isReady == true:
            process?.isPaused = true
            deliver(.pausedConfirmed(epoch: epoch), epoch)
        case .resume where process?.isReady == true:
            process?.isPaused = false
            deliver(.resumedConfirmed(epoch: epoch), epoch)
        case .stop, .terminate:
            guard process?.isEnding == false, process?.obeysTerminate == true else { return }
            process?.isEnding = true
            plan(.fails(epoch: epoch, .exited(code: 0)), after: fault(0.1) ? time(upTo: 20) : time(upTo: 0.5))
        case .pause, .resume, .kill:
            break
        }
    }

    private mutating func end(_ epoch: UInt32, _ status: ChildEnd) {
        guard process?.epoch == epoch, process?.isAlive == true else { return }
        process?.isAlive = false
        if isManagerAway { unseenEnd = (epoch, status) }
        handle(.exited(epoch: epoch, status: status))
    }

    private func isResponsive(_ epoch: UInt32) -> Bool {
        guard let process else { return false }
        return process.epoch == epoch && process.isAlive && !process.isHung
    }
}

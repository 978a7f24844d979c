import MessageBus
import NIOCore
import TradingModel

/// What the manager knows of whether the bus answers.
struct BusPulse {
    var lastQuestion = MonotonicClock.now
    var lastAnswer = MonotonicClock.now
    /// Whether a question is on its way.
    var isAsking = false
    /// Whether the bus is treated as lost although the connection stands.
    var isSilent = false
}

/// A bus that hangs: its connections stand, and nothing comes through.
extension Manager {
    /// Asks the bus for a sign of life; part of every tick.
    ///
    /// While it is silent the others are not blamed for messages that do not come, just as when it is gone.
    func checkBus(_ now: MonotonicTime) {
        guard isBusReady, stopping == nil, let client, client.isConnected else { return }
        if !busPulse.isAsking, now - busPulse.lastQuestion >= Limits.busQuestionInterval {
            busPulse.lastQuestion = now
            busPulse.isAsking = true
            // A topic that it has already: the confirmation is the answer.
            client.subscribe([TopicPattern(.managerNudge)]) { [self] in didHearBus() }
            client.flush()
        }
        guard !busPulse.isSilent, now - busPulse.lastAnswer > Limits.busSilence else { return }
        busPulse.isSilent = true
        settings.report("the bus does not answer")
        for process in allProcesses where process !== bus { apply(.busLost, to: process) }
    }

    /// The bus has answered a question, or let the manager connect.
    func didHearBus() {
        busPulse.isAsking = false
        busPulse.lastAnswer = MonotonicClock.now
        apply(.heartbeat(epoch: bus.machine.epoch), to: bus)
        guard busPulse.isSilent else { return }
        busPulse.isSilent = false
        for process in allProcesses where process !== bus { apply(.busBack, to: process) }
    }
}

extension ProcessStateMachine {
    /// What is supervised.
    package enum Kind: Sendable, CaseIterable {
        /// A strategy; it can be paused.
        case executor
        /// A bus, feed or recorder; it cannot be paused.
        case service
    }

    /// What the supervisor observed, in an operator's words; the raw values are those of the database.
    package enum Status: String, Sendable, CaseIterable {
        case stopped, starting, running, paused, stopping, backoff, error, stuck
    }

    /// What the operator wants; the raw values are those of the database.
    package enum DesiredState: String, Sendable, CaseIterable {
        case running, paused, stopped
    }

    /// Whether the process answers in time; separate from its status.
    package enum Health: String, Sendable, CaseIterable {
        case ok, late, stalled
        /// It answers, and its market data has stopped coming.
        case feedStale = "feed stale"
    }

    /// What a process that was found alive says about itself.
    package enum AdoptedMode: Sendable, CaseIterable {
        /// It holds its lock but has not answered yet.
        case starting
        case running, paused
    }

    /// Something that happened. Events of a process carry its epoch; those of an older one are ignored.
    package enum Event: Sendable, Equatable {
        // What operators want. A command id makes the machine say how the command ended.
        case operatorStart(commandID: String?)
        case operatorStop(commandID: String?)
        case operatorRestart(commandID: String?)
        case operatorPause(commandID: String?)
        case operatorResume(commandID: String?)

        /// The manager has started and found no live process: bring about the desired state.
        case managerStarted
        /// The manager ends: stop, leave the desired state as it is, and refuse further commands.
        case managerStopping
        /// The manager has started and found a live process.
        case adopted(pid: Int32, epoch: UInt32, mode: AdoptedMode)
        /// The manager has started and found that the process of this epoch ended while no manager was watching.
        case foundEnded(epoch: UInt32, status: ExitStatus, reason: String)
        /// The manager has started and found that the last process failed, and that the pause before the next start was
        /// not over when the manager before it ended.
        case foundFailed(reason: String)
        /// The manager has put the previous executable back since the new one did not become ready.
        case fellBack(reason: String)

        // What the process does. `spawned` or `spawnFailed` answers every `spawn` action.
        case spawned(pid: Int32, epoch: UInt32)
        case spawnFailed(reason: String, isTransient: Bool)
        case ready(epoch: UInt32)
        case pausedConfirmed(epoch: UInt32)
        case resumedConfirmed(epoch: UInt32)
        case heartbeat(epoch: UInt32)
        /// Its heartbeat said that it has processed records since the one before.
        case ticked(epoch: UInt32)
        case exited(epoch: UInt32, status: ExitStatus)
        /// The configuration cannot be used: found by the manager before the start or by the process during it.
        case configurationRejected(reason: String)

        /// `nextDeadline` has come; early or superfluous ticks do no harm.
        case tick
        /// The bus is away: waits for messages stop counting.
        case busLost
        /// The bus is back.
        case busBack
        /// The manager itself did not run for this long: every deadline shifts. Send it before any other event.
        case managerStalled(by: Duration)
    }

    /// How a command ended.
    package enum CommandResult: Sendable, Equatable {
        /// Its effect was observed.
        case executed
        /// It cannot have its effect, for this reason.
        case failed(reason: String)
        /// A later command wants something else.
        case superseded
    }

    /// Something to do, in the order given.
    package enum Action: Sendable, Equatable {
        /// Start the process with this epoch; `isPaused` means that it must not trade before it is resumed.
        case spawn(epoch: UInt32, isPaused: Bool)
        /// Ask the process over the bus to stop.
        case sendStop(epoch: UInt32)
        /// Ask the process over the bus to pause.
        case sendPause(epoch: UInt32)
        /// Ask the process over the bus to resume.
        case sendResume(epoch: UInt32)
        /// SIGTERM, then SIGCONT, to the process.
        case signalTerminate(epoch: UInt32)
        /// SIGKILL to the process and its group.
        case signalKill(epoch: UInt32)
        /// The observed state or its reason changed.
        case setStatus(Status, reason: String)
        /// The health changed.
        case setHealth(Health)
        /// The process completed by itself, so the desired state to keep is this one.
        case setDesired(DesiredState)
        /// A command ended.
        case finishCommand(id: String, CommandResult)
        /// An operator should look at this.
        case raiseAlarm(String)
    }
}

/// What every event does in every situation, written out; read by `TransitionTableTests`.
///
/// A line without a bar names an event. The others name situations (the same status may mean different things: a spawn
/// without an answer is `spawning`, a stop with another start to follow is `restarting`, a forced end `killing`), then
/// the status and the desired state after the event, and the actions. `-` means that nothing at all changes; `open`
/// means that the command has not ended yet.
enum TransitionTable {
    static let text = """
        operatorStart
            waiting | starting (running), spawn 1, open
            stopped | starting (running), spawn 1, open
            spawning starting | starting (running), open
            running | running (running), executed
            paused | paused (running), resume 1, open
            stopping restarting killing | stopping (running), open
            backoff error | starting (running), spawn 2, open
            stuck | stuck (running), failed
        operatorStop
            waiting | stopped (stopped), executed
            stopped backoff error | stopped (stopped), executed
            spawning stopping restarting killing | stopping (stopped), open
            starting running paused | stopping (stopped), stop 1, term 1, open
            stuck | stuck (stopped), failed
        operatorRestart
            waiting | starting (running), spawn 1, open
            stopped | starting (running), spawn 1, open
            spawning stopping restarting killing | stopping (running), open
            starting running | stopping (running), stop 1, term 1, open
            paused | stopping (paused), stop 1, term 1, open
            backoff error | starting (running), spawn 2, open
            stuck | stuck (running), failed
        operatorPause
            waiting | stopped (running), failed
            stopped | stopped (stopped), failed
            spawning starting | starting (paused), open
            running | running (paused), pause 1, open
            paused | paused (paused), executed
            stopping | stopping (stopped), failed
            restarting killing | stopping (paused), open
            backoff | backoff (paused), open
            error | error (running), failed
            stuck | stuck (stopped), failed
        operatorResume
            waiting | stopped (running), failed
            stopped | stopped (stopped), failed
            spawning starting | starting (running), open
            running | running (running), executed
            paused | paused (running), resume 1, open
            stopping | stopping (stopped), failed
            restarting killing | stopping (running), open
            backoff | backoff (running), open
            error | error (running), failed
            stuck | stuck (stopped), failed
        managerStarted
            waiting | starting (running), spawn 1
            stopped spawning starting running paused stopping restarting killing backoff error stuck | -
        managerStopping
            stopped waiting stopping restarting killing error stuck | -
            spawning | stopping (running)
            starting running | stopping (running), stop 1, term 1
            paused | stopping (paused), stop 1, term 1
            backoff | stopped (running)
        adopted
            waiting | running (running)
            stopped | stopping (stopped), stop 1, term 1
            spawning starting running paused stopping restarting killing stuck | -
            backoff error | running (running)
        foundEnded 0
            stopped spawning starting running paused stopping restarting killing backoff error stuck | -
            waiting | stopped (stopped), desire stopped
        foundEnded 78
            stopped spawning starting running paused stopping restarting killing backoff error stuck | -
            waiting | error (running)
        foundEnded unseen
            stopped spawning starting running paused stopping restarting killing backoff error stuck | -
            waiting | backoff (running)
        foundFailed
            stopped spawning starting running paused stopping restarting killing backoff error stuck | -
            waiting | backoff (running)
        fellBack
            stopped waiting spawning starting running paused stopping restarting killing stuck | -
            backoff error | starting (running), spawn 2
        spawned
            stopped waiting spawning starting running paused stopping restarting killing backoff error stuck | -
        spawnFailed transient
            stopped waiting starting running paused stopping restarting killing backoff error stuck | -
            spawning | backoff (running)
        spawnFailed
            stopped waiting starting running paused stopping restarting killing backoff error stuck | -
            spawning | error (running)
        ready
            stopped waiting running paused stopping restarting killing backoff error stuck | -
            spawning starting | running (running)
        pausedConfirmed
            stopped waiting spawning starting paused stopping restarting killing backoff error stuck | -
            running | paused (running), resume 1
        resumedConfirmed
            stopped waiting spawning starting running stopping restarting killing backoff error stuck | -
            paused | running (paused), pause 1
        heartbeat
            stopped waiting spawning starting running paused stopping restarting killing backoff error stuck | -
        ticked
            stopped waiting spawning starting running paused stopping restarting killing backoff error stuck | -
        exited 0
            stopped waiting backoff error | -
            spawning starting killing | backoff (running)
            running paused | stopped (stopped), desire stopped
            stopping stuck | stopped (stopped)
            restarting | starting (running), spawn 2
        exited 1
            stopped waiting backoff error | -
            spawning starting running killing | backoff (running)
            paused | backoff (paused)
            stopping stuck | stopped (stopped)
            restarting | starting (running), spawn 2
        exited 78
            stopped waiting backoff error | -
            spawning starting running killing | error (running)
            paused | error (paused)
            stopping stuck | stopped (stopped)
            restarting | starting (running), spawn 2
        signaled 9
            stopped waiting backoff error | -
            spawning starting running killing | backoff (running)
            paused | backoff (paused)
            stopping stuck | stopped (stopped)
            restarting | starting (running), spawn 2
        ended unseen
            stopped waiting backoff error | -
            spawning starting running killing | backoff (running)
            paused | backoff (paused)
            stopping stuck | stopped (stopped)
            restarting | starting (running), spawn 2
        configurationRejected
            stopped waiting stopping restarting killing error stuck | -
            spawning backoff | error (running)
            starting running | stopping (running), stop 1, term 1
            paused | stopping (paused), stop 1, term 1
        tick when due
            stopped waiting error stuck | -
            spawning | stopping (running)
            starting restarting | stopping (running), kill 1
            running | running (running), health late
            paused | paused (paused), health late
            stopping | stopping (stopped), kill 1
            killing | stuck (running), alarm
            backoff | starting (running), spawn 2
        busLost
            stopped waiting spawning starting running paused stopping restarting killing backoff error stuck | -
        busBack
            stopped waiting spawning starting running paused stopping restarting killing backoff error stuck | -
        managerStalled
            stopped waiting spawning starting running paused stopping restarting killing backoff error stuck | -
        """
}

import CPlatform

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Starts processes with posix_spawn(3): a session of their own, default signals, and only the descriptors named.
package enum ProcessSpawner {
    /// Starts a process and returns its id; it is a zombie after its end until `ExitWatcher` has seen that.
    ///
    /// Throws `spawnRefusedForNow` when the system is short of processes, memory or descriptors, else `spawnFailed`.
    /// Takes about half a millisecond; may run on any thread.
    package static func spawn(_ request: SpawnRequest) throws(SupervisionError) -> Int32 {
        var attributes = SpawnAttributes()
        var actions = SpawnFileActions()
        defer {
            attributes.destroy()
            actions.destroy()
        }
        try attributes.prepare(for: request)
        try actions.prepare(for: request)
        let texts = [request.executablePath] + request.arguments + request.environment
        guard !texts.contains(where: { $0.utf8.contains(0) }) else {
            throw SupervisionError(
                .spawnFailed, "an argument of \(request.executablePath) contains a zero byte")
        }
        let arguments = CStringArray(request.arguments)
        let environment = CStringArray(request.environment)
        defer {
            arguments.deallocate()
            environment.deallocate()
        }
        var pid: pid_t = 0
        let result = posix_spawn(
            &pid, request.executablePath, &actions.value, &attributes.value, arguments.pointers,
            environment.pointers)
        guard result == 0 else { throw error(result, request) }
        return pid
    }

    /// The error for a failed step of a spawn.
    fileprivate static func error(_ number: Int32, _ request: SpawnRequest) -> SupervisionError {
        var context = "start \(request.executablePath)"
        if case .file(let path) = request.output { context += " with output to \(path)" }
        let code =
            SupervisionError.isShortage(number) ? SupervisionError.Code.spawnRefusedForNow : .spawnFailed
        return SupervisionError(code, context, errno: number)
    }
}

/// posix_spawnattr_t with the signal and session settings.
private struct SpawnAttributes {
    #if canImport(Darwin)
        var value: posix_spawnattr_t?
    #else
        var value = posix_spawnattr_t()
    #endif
    private var isInitialized = false

    mutating func prepare(for request: SpawnRequest) throws(SupervisionError) {
        var result = posix_spawnattr_init(&value)
        isInitialized = result == 0
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        // These two cannot be caught, and some systems refuse to be asked.
        sigdelset(&all, SIGKILL)
        sigdelset(&all, SIGSTOP)
        if result == 0 { result = posix_spawnattr_setsigmask(&value, &none) }
        if result == 0 { result = posix_spawnattr_setsigdefault(&value, &all) }
        var flags =
            Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF) | cplatform_spawn_session_flag()
        #if canImport(Darwin)
            flags |= Int32(POSIX_SPAWN_CLOEXEC_DEFAULT)
        #endif
        if result == 0 { result = posix_spawnattr_setflags(&value, Int16(flags)) }
        guard result == 0 else { throw ProcessSpawner.error(result, request) }
    }

    mutating func destroy() {
        if isInitialized { posix_spawnattr_destroy(&value) }
    }
}

/// posix_spawn_file_actions_t that places the descriptors and closes all others.
private struct SpawnFileActions {
    #if canImport(Darwin)
        var value: posix_spawn_file_actions_t?
    #else
        var value = posix_spawn_file_actions_t()
    #endif
    private var isInitialized = false
    private var staged: [Int32] = []

    mutating func prepare(for request: SpawnRequest) throws(SupervisionError) {
        var result = posix_spawn_file_actions_init(&value)
        isInitialized = result == 0
        if result == 0 {
            result =
                request.inputDescriptor == nil
                ? posix_spawn_file_actions_addopen(&value, 0, "/dev/null", O_RDONLY, 0)
                : place(request.inputDescriptor, at: 0)
        }
        if result == 0 { result = addOutput(request.output) }
        if result == 0 { result = place(request.bootstrapDescriptor, at: SpawnRequest.bootstrapDescriptor) }
        if result == 0 { result = place(request.lockDescriptor, at: SpawnRequest.lockDescriptor) }
        if result == 0 { result = closeOthers(request) }
        guard result == 0 else { throw ProcessSpawner.error(result, request) }
    }

    mutating func destroy() {
        if isInitialized { posix_spawn_file_actions_destroy(&value) }
        for descriptor in staged { close(descriptor) }
    }

    private mutating func addOutput(_ output: SpawnRequest.Output) -> Int32 {
        let result: Int32
        switch output {
        case .descriptor(let descriptor): result = place(descriptor, at: 1)
        case .file(let path):
            result = posix_spawn_file_actions_addopen(&value, 1, path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        case .discarded: result = posix_spawn_file_actions_addopen(&value, 1, "/dev/null", O_WRONLY, 0)
        }
        return result == 0 ? posix_spawn_file_actions_adddup2(&value, 1, 2) : result
    }

    /// Places a descriptor by way of a high-numbered copy, so that no placement overwrites the source of a later one.
    private mutating func place(_ descriptor: Int32?, at number: Int32) -> Int32 {
        guard let descriptor else { return 0 }
        let copy = cplatform_duplicate(descriptor, Limits.stagedDescriptorMin)
        guard copy >= 0 else { return errno }
        staged.append(copy)
        return posix_spawn_file_actions_adddup2(&value, copy, number)
    }

    /// Closes everything else, also what some library opened without close-on-exec.
    private mutating func closeOthers(_ request: SpawnRequest) -> Int32 {
        let first = SpawnRequest.lockDescriptor + 1
        var gaps: [Int32] = []
        if request.bootstrapDescriptor == nil { gaps.append(SpawnRequest.bootstrapDescriptor) }
        if request.lockDescriptor == nil { gaps.append(SpawnRequest.lockDescriptor) }
        #if canImport(Darwin)
            return 0  // POSIX_SPAWN_CLOEXEC_DEFAULT has closed all but the placed ones.
        #else
            for gap in gaps {
                let result = posix_spawn_file_actions_addclose(&value, gap)
                if result != 0 { return result }
            }
            let result = cplatform_spawn_close_from(&value, first)
            guard result == ENOSYS else { return result }
            for descriptor in DescriptorTable.openDescriptors() where descriptor >= first {
                let result = posix_spawn_file_actions_addclose(&value, descriptor)
                if result != 0 { return result }
            }
            return 0
        #endif
    }
}

/// A NULL-terminated array of C strings, as exec(3) wants it.
private struct CStringArray {
    let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int

    init(_ texts: [String]) {
        count = texts.count
        pointers = .allocate(capacity: count + 1)
        for (index, text) in texts.enumerated() { (pointers + index).initialize(to: strdup(text)) }
        (pointers + count).initialize(to: nil)
    }

    func deallocate() {
        for index in 0..<count { free(pointers[index]) }
        pointers.deallocate()
    }
}

import TradingModel

/// What the reading thread keeps; confined to it.
final class SocketReaderState {
    private let options: SocketOptions
    private let queue: FeedQueue
    private let change: ((inout SocketReader.Status) -> Void) -> Void
    private let log: (String) -> Void
    private let known: Set<UInt32>
    private var admission: SymbolAdmission?
    private var lastKnown = InstrumentToken.feedWide
    private var lastConnection: ObjectIdentifier?
    private var listener: Int32 = -1
    private var connections: [SocketConnection] = []
    private var chunk: FeedChunk? = FeedChunk()
    private var backoffMilliseconds = Limits.socketReconnectMillisecondsMin
    private var isConnected = false
    private var isUnknownTold = false
    private var lastProblem = ""
    private var reports = LineReports()
    private var generator: SeededGenerator

    init(
        options: SocketOptions, queue: FeedQueue,
        change: @escaping (_ body: (inout SocketReader.Status) -> Void) -> Void,
        log: @escaping (String) -> Void
    ) {
        self.options = options
        self.queue = queue
        self.change = change
        self.log = log
        admission = options.admission
        known = Set(options.instruments.map(\.token.rawValue))
        generator = SeededGenerator(
            seed: UInt64(InstrumentToken(symbol: options.address.description).rawValue))
    }

    deinit {
        for connection in connections { Syscall.close(connection.descriptor) }
        if listener >= 0 { Syscall.close(listener) }
        var hasFile = false
        change { status in
            hasFile = status.hasSocketFile
            status.hasSocketFile = false
        }
        if hasFile, case .unix(let path) = options.address.kind { Syscall.remove(path) }
    }

    /// Until the queue is closed.
    func run() {
        while !queue.isClosed {
            guard open() else { continue }
            var descriptors = connections.map(\.descriptor)
            // At the bound nobody is accepted: who comes waits in the system's queue.
            let isAccepting = listener >= 0 && connections.count < Limits.socketConnectionsMax
            if isAccepting { descriptors.append(listener) }
            let ready = FeedSocket.wait(for: descriptors, milliseconds: 200)
            var ended: [Int] = []
            for index in ready where index < connections.count {
                if !read(connections[index]) { ended.append(index) }
            }
            if isAccepting, ready.contains(connections.count) { acceptAll() }
            for index in ended.reversed() { close(index) }
            push()
            for line in reports.due(options.address) { log(line) }
        }
    }

    // MARK: - Connections

    /// Makes sure that there is something to wait for; `false` after a pause because there is not.
    private func open() -> Bool {
        guard listener < 0, connections.isEmpty else { return true }
        do throws(MarketDataError) {
            switch options.mode {
            case .listen:
                listener = try FeedSocket.listen(at: options.address)
                if case .unix = options.address.kind { change { $0.hasSocketFile = true } }
                log("listens on \(options.address)")
            case .connect:
                let made = try FeedSocket.connect(
                    to: options.address, milliseconds: Limits.socketConnectMilliseconds)
                add(made)
            }
            backoffMilliseconds = Limits.socketReconnectMillisecondsMin
            lastProblem = ""
            change { $0.problem = nil }
            return true
        } catch {
            tell(error.description)
            // Half to all of the step, so that many feeds of one source do not come at once.
            let wait = backoffMilliseconds / 2 + Int(generator.nextUnit() * Double(backoffMilliseconds / 2))
            backoffMilliseconds = min(backoffMilliseconds * 2, Limits.socketReconnectMillisecondsMax)
            _ = FeedSocket.wait(for: [], milliseconds: Int32(wait))
            return false
        }
    }

    private func tell(_ problem: String) {
        change { $0.problem = problem }
        guard problem != lastProblem else { return }
        lastProblem = problem
        log("\(problem); trying again")
    }

    private func acceptAll() {
        while connections.count < Limits.socketConnectionsMax, let made = FeedSocket.accept(listener) {
            add(made)
        }
    }

    private func add(_ descriptor: Int32) {
        connections.append(SocketConnection(descriptor: descriptor, options: options))
        log("connection \(connections.count) on \(options.address)")
        didChangeConnections()
    }

    private func close(_ index: Int) {
        let connection = connections.remove(at: index)
        let rest = connection.finish()
        if let rest { note(rest, []) }
        Syscall.close(connection.descriptor)
        log("a connection on \(options.address) has ended, \(connections.count) left")
        didChangeConnections()
    }

    /// Tells of the source's state by a record when that has changed.
    private func didChangeConnections() {
        let count = connections.count
        change { $0.connectionCount = count }
        guard isConnected == connections.isEmpty else { return }
        isConnected.toggle()
        append(.status(isConnected ? .connected : .disconnected, time: .epoch, sequence: 0))
    }

    // MARK: - Reading

    /// Reads once, so that no connection keeps the others waiting; `false` when it has ended.
    private func read(_ connection: SocketConnection) -> Bool {
        guard chunk != nil else { return false }
        // What another connection calls a token is not yet what this one does.
        let place = ObjectIdentifier(connection)
        if lastConnection != place { lastKnown = .feedWide }
        lastConnection = place
        return connection.read({ take($0, from: connection) }, bad: { note($0, $1) })
    }

    private func take(_ event: MarketEvent, from connection: SocketConnection) {
        if event.token != lastKnown {
            guard event.token == .feedWide || isAdmitted(event.token, connection) else { return }
            lastKnown = event.token
        }
        append(event)
    }

    private func isAdmitted(_ token: InstrumentToken, _ connection: SocketConnection) -> Bool {
        guard admission != nil else {
            if known.contains(token.rawValue) { return true }
            leaveOut()
            return false
        }
        if connection.admitted.contains(token.rawValue) { return true }
        switch admission?.admit(connection.symbol(of: token) ?? "", token: token) {
        case .known: break
        case .new(let instrument):
            change { $0.newInstruments.append(instrument) }
            log("\(instrument.symbol) came up and is an instrument now")
        case .refused(let reason):
            change { $0.unknownCount += 1 }
            reports.add(reason, [])
            return false
        case nil: return false
        }
        connection.admitted.insert(token.rawValue)
        return true
    }

    private func leaveOut() {
        change { $0.unknownCount += 1 }
        guard !isUnknownTold else { return }
        isUnknownTold = true
        log("records of symbols that are not among the feed's are left out; `feeds list` says how many")
    }

    private func append(_ event: MarketEvent) {
        chunk?.append(event)
        if let full = chunk, full.room < 2 { push() }
    }

    private func push() {
        guard let full = chunk, full.count > 0 else { return }
        chunk = queue.push(full)
    }

    private func note(_ reason: String, _ line: [UInt8]) {
        change { $0.malformedCount += 1 }
        reports.add(reason, line)
    }
}

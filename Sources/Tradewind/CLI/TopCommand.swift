import ArgumentParser
import ControlPlane
import Foundation
import Monitoring
import NIOCore
import NIOPosix
import Supervision
import Synchronization
import TradingModel

/// `tradewind top`
struct TopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top", abstract: "All strategies on the whole terminal, live, with keys to steer them.",
        discussion: """
            Without a terminal it prints the state once, as text. Keys: arrows or j and k select, Enter shows one \
            strategy, s sorts, r reverses, / filters, S starts, X stops, P pauses, R resumes, T restarts, F flattens \
            (each asks first), q or Ctrl-C ends.
            """)

    @OptionGroup var home: HomeOptions

    func run() throws {
        try reporting {
            let directory = try home.directory()
            try directory.checkInitialized()
            let box = StateBox()
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            let monitor = EngineMonitor(
                home: directory, identity: "top", eventLoop: group.next(), probes: .system(directory)
            ) { box.set($0) }
            monitor.start()
            monitor.beginWatching()
            guard RawTerminal.isAvailable else { return try printOnce(monitor) }
            guard RawTerminal.begin() else {
                throw CommandLineError(ExitCodes.ioError, "the terminal cannot be used")
            }
            defer { RawTerminal.restore() }
            loop(box, monitor, directory)
        }
    }

    /// Two readings, so that rates and signs of life are there.
    private func printOnce(_ monitor: EngineMonitor) throws {
        Thread.sleep(forTimeInterval: 1.5)
        var screen = TopScreen(monitor.state(maxAge: .milliseconds(500)).overview)
        let height = screen.overview.strategies.count + 6
        let lines = screen.lines(width: 400, height: height, now: WallClock.now).lines
        print(lines.dropLast().joined(separator: "\n"))
    }

    private func loop(_ box: StateBox, _ monitor: EngineMonitor, _ directory: HomeDirectory) {
        var screen = TopScreen(monitor.state(maxAge: .seconds(1)).overview)
        var sent: String?
        while true {
            if let state = box.get() {
                screen.update(
                    state.overview,
                    events: state.events.map {
                        ($0.strategyID, "\($0.time)  \($0.toStatus.rawValue)  \($0.reason)")
                    })
                if let id = sent, let row = state.commands.first(where: { $0.id == id }) {
                    screen.message = Self.sentence(row, state.overview)
                    if row.status.isFinal { sent = nil }
                }
            }
            let size = TerminalSize.current
            let picture = screen.lines(width: size.columns, height: size.lines, now: WallClock.now)
            RawTerminal.draw(picture.lines, selected: picture.selected)
            guard let keys = RawTerminal.keys(milliseconds: 250) else { return }
            for key in keys {
                switch screen.handle(key) {
                case .quit: return
                case .send(let command, let id): sent = send(command, id, directory, &screen)
                case nil: break
                }
            }
        }
    }

    /// Inserts a command through a connection of its own; its id.
    private func send(
        _ command: String, _ strategyID: String, _ directory: HomeDirectory, _ screen: inout TopScreen
    ) -> String? {
        guard let kind = CommandKind(rawValue: command) else { return nil }
        do {
            let store = try ControlStore.open(directory, access: .client)
            defer { try? store.close() }
            let row = try store.insertCommand(kind, strategy: strategyID, issuer: "top")
            screen.message = "\(command): sent"
            return row.id
        } catch {
            screen.message = "\(command): \(error)"
            return nil
        }
    }

    private static func sentence(_ row: CommandRow, _ overview: EngineOverview) -> String {
        let name = overview.strategies.first { $0.id == row.strategyID }?.name ?? "all"
        var text = "\(row.kind.rawValue) \(name): \(row.status.rawValue)"
        if let end = row.endedAt { text += " after \((end - row.createdAt).wholeNanoseconds / 1_000_000) ms" }
        if let error = row.error { text += ": \(error)" }
        return text
    }
}

/// The newest state, from the monitor's thread to the one that draws.
private final class StateBox: Sendable {
    private let state = Mutex<EngineMonitor.State?>(nil)

    func set(_ new: EngineMonitor.State) { state.withLock { $0 = new } }

    func get() -> EngineMonitor.State? { state.withLock { $0 } }
}

extension EngineMonitor.Probes {
    /// What this machine says about processes.
    static func system(_ home: HomeDirectory) -> EngineMonitor.Probes {
        EngineMonitor.Probes(
            managerProcessID: { ManagerProbe.pid(home) },
            isAlive: { instance in
                ProcessIdentity(
                    pid: instance.pid, startTime: UInt64(instance.processStartTime), bootID: instance.bootID
                ).isAlive
            }, clock: { WallClock.now })
    }
}

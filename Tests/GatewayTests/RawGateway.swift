import Foundation
import TestSupport
import Testing

/// A gateway without a bus: its market is closed, so it rejects all orders, which is all that its bookkeeping needs.
final class RawGateway {
    let directory: TemporaryDirectory
    private(set) var run: ProgramRun?
    private let options: [String]

    var socket: String { directory.path + "/g/orders.sock" }
    var log: String { directory.path + "/orders.log" }

    init(_ options: String...) throws {
        self.options = options
        directory = try TemporaryDirectory()
        try start()
    }

    func start() throws {
        let run = try launch()
        self.run = run
        let isListening = waitUntil(seconds: 20) { run.standardError.contains("listening") || !run.isRunning }
        try #require(isListening && run.isRunning, "\(run.standardError)")
    }

    /// Starts a process, whatever becomes of it.
    func launch(_ more: String...) throws -> ProgramRun {
        try ProgramRun(
            OrderGateway.path,
            ["serve", "--socket", socket, "--log", log, "--bus", directory.path + "/no-bus.sock"] + options
                + more)
    }

    func kill() {
        run?.signal(SIGKILL)
        _ = run?.wait(seconds: 10)
    }

    func audit() throws -> GatewayAudit {
        let result = try OrderGateway.run(["audit", log])
        return try JSONDecoder().decode(GatewayAudit.self, from: Data(result.output.utf8))
    }
}

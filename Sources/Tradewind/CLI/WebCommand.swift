import ArgumentParser
import ControlPlane
import Foundation
import Supervision

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// `tradewind web`: becomes `tradewind-web`, a program of its own, so that executors carry no web server.
struct WebCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "web",
        abstract: "Serve the web page, the HTTP API and metrics for Prometheus.",
        discussion: "'tradewind web --help' shows the options, which are those of the program tradewind-web.")

    @Argument(parsing: .captureForPassthrough, help: "The options of tradewind-web.") var options: [String] =
        []

    func run() throws {
        try reporting {
            let program = try Self.program()
            let arguments =
                [program] + options
                + (options.contains("--help") ? [] : ["--executable", ExecutableFile.path])
            var pointers = arguments.map { strdup($0) } + [nil]
            execv(program, &pointers)
            // Still here: it could not be started.
            let reason = String(cString: strerror(errno))
            for pointer in pointers { free(pointer) }
            throw CommandLineError(ExitCodes.ioError, "cannot start \(program): \(reason)")
        }
    }

    /// The server that a manager is to supervise, at `ADDRESS:PORT`.
    static func server(home: HomeDirectory, address: String) throws -> ManagerSettings.WebServer {
        let port = address.split(separator: ":").last.flatMap { UInt16($0) }
        guard address.contains(":"), port != nil else {
            throw CommandLineError(
                ExitCodes.usage, "--web must be ADDRESS:PORT such as 127.0.0.1:8700 or [::1]:8700")
        }
        return ManagerSettings.WebServer(
            executable: try program(),
            arguments: [
                "--home", home.path, "--listen", address, "--executable", ExecutableFile.path, "--supervised",
            ])
    }

    /// The program beside this one, or in PATH: it knows no strategies, so one serves every desk.
    private static func program() throws -> String {
        let beside = URL(fileURLWithPath: ExecutableFile.path).deletingLastPathComponent().path
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let directories = [beside] + path.split(separator: ":").map(String.init)
        for directory in directories {
            let candidate = directory + "/tradewind-web"
            if access(candidate, X_OK) == 0 { return candidate }
        }
        throw CommandLineError(
            ExitCodes.noInput,
            "there is no tradewind-web beside \(ExecutableFile.path) or in PATH: build it with "
                + "'swift build -c release --product tradewind-web' and put it there")
    }
}

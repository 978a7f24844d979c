import ArgumentParser
import CPlatform
import ControlPlane
import Foundation
import WebDashboard

/// `tradewind web`, a program of its own so that no other process carries a web server.
@main struct WebCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tradewind web",
        abstract: "Serves the web page, the HTTP API and metrics for Prometheus.",
        discussion: """
            It listens on this machine only, unless --listen says otherwise; it has no encryption, so put a proxy with \
            TLS in front of it before other machines may reach it. The first start makes a token, prints it once and \
            keeps it in web.token of the home, mode 0600.
            """)

    @Option(
        name: .long,
        help:
            "The home directory. Default: $TRADEWIND_HOME, ./tradewind-home if it exists, your data directory."
    )
    var home: String?
    @Option(name: .long, help: "Address and port to listen on; port 0 takes a free one.")
    var listen = "127.0.0.1:8700"
    @Option(name: .long, help: "A name under which browsers reach it, beside localhost; may be repeated.")
    var allowHost: [String] = []
    @Flag(name: .long, help: "Refuse all commands.") var readOnly = false
    @Flag(name: .long, help: "Make a new token; the old one and all browsers' sessions end.") var newToken =
        false
    @Option(name: .long, help: .hidden) var executable: String?
    /// Its output is a log, which others may come to read: no token is printed.
    @Flag(name: .long, help: .hidden) var supervised = false
    /// For tests, which have no time to be slow.
    @Option(name: .long, help: .hidden) var patience: Int64?

    func run() async throws {
        do {
            try await serve()
        } catch let error as ControlError {
            try fail("\(error)", error.code == .permission ? 77 : 66)
        } catch let error as WebError {
            try fail("\(error)", error.isConfiguration ? 78 : 74)
        }
    }

    private func serve() async throws {
        cplatform_raise_descriptor_limit()
        cplatform_line_buffer_output()
        let directory = try HomeDirectory.resolve(option: home)
        try directory.checkInitialized()
        let (host, port) = try address()
        let token = try AccessToken(directory, isRenewed: newToken)
        let settings = WebSettings(
            home: directory, host: host, port: port, allowedHosts: allowHost, isReadOnly: readOnly,
            executable: executable, patienceSeconds: patience)
        exitOnSignals()
        do {
            try await WebServer(settings, token: token).run { port in
                announce(settings, token, port: port)
            }
        } catch {
            try fail("cannot listen on \(listen): \(error); choose another with --listen", 74)
        }
    }

    private func announce(_ settings: WebSettings, _ token: AccessToken, port: Int) {
        let name = settings.host.contains(":") ? "[\(settings.host)]" : settings.host
        let url = "http://\(name):\(port)/"
        print("serving \(settings.home.path)\(settings.isReadOnly ? " read-only" : "")")
        if token.isNew, !supervised {
            print("open \(url)#token=\(token.text)")
            print("the token is shown only now; it is kept in \(AccessToken.path(settings.home))")
        } else {
            print("open \(url) (the token is in \(AccessToken.path(settings.home)))")
        }
        if !["127.0.0.1", "::1", "localhost"].contains(settings.host) {
            print("warning: other machines can reach this address, and nothing is encrypted")
        }
    }

    private func address() throws -> (host: String, port: Int) {
        guard let colon = listen.lastIndex(of: ":"), let port = Int(listen[listen.index(after: colon)...]),
            (0...65_535).contains(port)
        else {
            throw ValidationError("--listen must be ADDRESS:PORT such as 127.0.0.1:8700 or [::1]:8700")
        }
        var host = String(listen[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        guard !host.isEmpty else { throw ValidationError("--listen has no address: 127.0.0.1:\(port)") }
        return (host, port)
    }

    /// There is nothing to save: a command is written or not when the process ends.
    private func exitOnSignals() {
        signal(SIGPIPE, SIG_IGN)
        for number in [SIGTERM, SIGINT, SIGHUP] { signal(number) { _ in _exit(0) } }
    }

    private func fail(_ message: String, _ code: Int32) throws -> Never {
        FileHandle.standardError.write(Data("tradewind: \(message)\n".utf8))
        throw ExitCode(code)
    }
}

import ArgumentParser
import ControlPlane
import Foundation
import MessageBus
import TradingModel

/// The options that say which bus a command talks to: that of a home, or one on a socket.
struct BusEndpointOptions: ParsableArguments {
    @OptionGroup var home: HomeOptions
    @Option(help: "The socket of a broker started with 'bus serve', instead of the one of a home.")
    var socket: String?

    func validate() throws {
        if socket != nil, home.home != nil { throw ValidationError("give --home or --socket, not both") }
    }

    /// The broker's socket, which must exist.
    func socketPath() throws -> String {
        let path = try socket ?? home.directory().busSocketPath
        guard FileManager.default.fileExists(atPath: path) else {
            let remedy =
                socket == nil ? "start it with 'tradewind run'" : "start one with 'tradewind bus serve'"
            throw CommandLineError(ExitCodes.unavailable, "there is no bus on \(path): \(remedy)")
        }
        return path
    }

    /// The instruments that the home knows; none of a broker alone.
    func instruments() throws -> [Instrument] {
        socket == nil ? try home.open(.reader).instruments() : []
    }

    /// What a manager of this bus would show; empty where no key is asked for.
    func managerToken(identity: String) throws -> [UInt8] {
        guard socket == nil else { return [] }
        let path = try home.directory().busKeyPath
        guard FileManager.default.fileExists(atPath: path) else {
            throw CommandLineError(
                ExitCodes.unavailable, "there is no bus key \(path): start 'tradewind run'")
        }
        return try BusKey(fileAt: path).token(role: .manager, identity: identity)
    }
}

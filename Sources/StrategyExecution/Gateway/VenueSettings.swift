import MessageBus
package import TradingEngine

/// Where a strategy's orders go, and its account: the `venue` member of its configuration.
///
/// Without `kind`, or with `"kind": "simulated"`, it is the simulated exchange in the executor, and the other members
/// are its settings. With `"kind": "gateway"` it is an order gateway on the Unix socket `socket`.
package struct VenueSettings: Sendable {
    /// Where orders go.
    package enum Kind: Equatable, Sendable {
        case simulated
        /// The absolute path of an order gateway's socket.
        case gateway(socket: String)
    }

    package var kind: Kind
    package var account: AccountSettings

    /// Settings of the account rather than of the exchange; the ones a strategy with a gateway may have.
    private static let ofAccount: Set<String> = ["starting_cash", "currency", "rates", "session_end"]

    /// Reads the settings; throws all violations at once. `seed` and `readFile` as of `AccountSettings`.
    package init(
        inputs: [(name: String, text: String)], seed: UInt64 = 0,
        readFile: (String) -> [UInt8]? = { _ in nil }
    ) throws(ParameterViolations) {
        var violations = ParameterViolations()
        let own = inputs.filter { $0.name == "kind" || $0.name == "socket" }
        for name in ["kind", "socket"] where own.count(where: { $0.name == name }) > 1 {
            violations.add(name, "is given more than once")
        }
        let rest = inputs.filter { $0.name != "kind" && $0.name != "socket" }
        kind = Self.kind(
            own.first { $0.name == "kind" }?.text, socket: own.first { $0.name == "socket" }?.text,
            &violations)
        if kind != .simulated {
            for input in rest where !Self.ofAccount.contains(input.name) {
                violations.add(
                    input.name, "is a setting of the simulated exchange; the order gateway has its own")
            }
        }
        do {
            account = try AccountSettings(inputs: rest, seed: seed, readFile: readFile)
        } catch {
            for violation in error.list { violations.add(violation.name, violation.message) }
            throw violations
        }
        guard violations.isEmpty else { throw violations }
    }

    private static func kind(_ word: String?, socket: String?, _ violations: inout ParameterViolations)
        -> Kind
    {
        switch word {
        case nil, "simulated":
            if socket != nil { violations.add("socket", "needs kind gateway") }
            return .simulated
        case "gateway":
            guard let socket else {
                violations.add("socket", "is missing: the socket of the order gateway, an absolute path")
                return .gateway(socket: "")
            }
            if !socket.hasPrefix("/") || socket.utf8.count >= SocketPath.byteCountMax {
                violations.add(
                    "socket",
                    "'\(socket)' is not an absolute path of at most \(SocketPath.byteCountMax - 1) bytes")
            }
            return .gateway(socket: socket)
        default:
            violations.add("kind", "'\(word ?? "")' is not simulated or gateway")
            return .simulated
        }
    }
}

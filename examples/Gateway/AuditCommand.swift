import ArgumentParser
import ControlPlane
import Foundation
import GatewayProtocol

/// `order-gateway audit LOG`
struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Say what a log holds, as JSON; with --home, whether the journals hold the same.",
        discussion: """
            Reads files only, also while everybody runs. With --home it compares the log with the journals and the \
            database of a home, and ends with exit code 1 when an order or a fill was lost, made up or counted twice. What \
            is still on its way counts as unsettled, not as lost: stop the manager first for a final answer.
            """)

    @Argument(help: "The log of 'order-gateway serve'.") var log: String
    @Option(help: "The home whose strategies traded there.") var home: String?
    @Flag(help: "List orders and fills one by one.") var detail = false

    func run() throws {
        try exitOnFailure {
            let audit = LogAudit(try LogContents(path: log))
            guard let home else { return try show(audit.document(hasDetail: detail)) }
            let comparison = try HomeComparison(
                home: HomeDirectory(path: home), before: audit,
                after: { LogAudit(try LogContents(path: log)) })
            try show(comparison)
            if !comparison.isClean { throw ExitCode(1) }
        }
    }

    private func show(_ document: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(document), as: UTF8.self))
    }
}

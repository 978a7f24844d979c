import ArgumentParser

/// An order gateway for tests and as a model of one: a venue in a process of its own.
@main struct OrderGateway: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "order-gateway",
        abstract: "A venue in a process of its own, on a Unix socket.",
        discussion: """
            It takes orders from strategies whose configuration names its socket, fills them against the market data of a \
            bus, and keeps a log from which it goes on after any end. PROTOCOL.md in Sources/GatewayProtocol describes its \
            messages.
            """,
        subcommands: [
            ServeCommand.self, AuditCommand.self, CancelAllCommand.self, FlattenCommand.self,
            MeasureCommand.self,
        ])
}

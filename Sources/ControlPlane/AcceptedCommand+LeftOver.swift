extension AcceptedCommand {
    /// A command that an earlier manager accepted and did not see through; its effect on the rows is there already.
    package init(leftOver command: CommandRow, strategies: [StrategyRow]) {
        self.init(
            command: command, targets: strategies.filter { command.strategyID ?? $0.id == $0.id },
            refusals: [],
            supersededIDs: [])
    }
}

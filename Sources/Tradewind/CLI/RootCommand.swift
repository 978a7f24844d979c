import ArgumentParser
import Foundation

/// The command line: `tradewind`, or the name of the executable it is compiled into.
struct RootCommand: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: URL(fileURLWithPath: CommandLine.arguments[0]).lastPathComponent,
            abstract: "Run trading strategies, each in its own process, controlled by one SQLite file.",
            discussion: ExitCodes.discussion,
            version: TradewindVersion.text,
            subcommands: [
                InitCommand.self, RunCommand.self, DetachCommand.self, StrategiesCommand.self,
                StartCommand.self,
                StopCommand.self,
                RestartCommand.self, PauseCommand.self, ResumeCommand.self, FlattenCommand.self,
                HaltCommand.self, ResumeTradingCommand.self,
                DeployCommand.self,
                UpdateCommand.self,
                StatusCommand.self, TopCommand.self, WebCommand.self, OrdersCommand.self, FillsCommand.self,
                PositionsCommand.self, EventsCommand.self, AlertsCommand.self, MetricsCommand.self,
                LogsCommand.self,
                FeedsCommand.self,
                InstrumentsCommand.self,
                TicksCommand.self,
                BacktestCommand.self, BacktestsCommand.self, SweepCommand.self, WalkForwardCommand.self,
                ParityCommand.self,
                BusCommand.self, BackupCommand.self,
                PruneCommand.self,
                DoctorCommand.self,
            ])
    }
}

/// The version of this program.
enum TradewindVersion {
    static let text = "0.1.0"
}

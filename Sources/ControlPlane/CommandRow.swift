import GRDB
package import TradingModel

/// What an operator can ask for.
package enum CommandKind: String, Sendable, Hashable, CaseIterable, Codable {
    case start
    case stop
    /// A new process in place of the running one.
    case restart
    /// New parameters.
    case update
    case pause
    case resume
    /// Cancel all orders and close all positions.
    case flatten
    /// No new orders until trading is resumed.
    case halt
    /// Only orders that reduce a position until trading is resumed.
    case reduce
    case resumeTrading = "resume_trading"

    /// The trading state that it brings about; `nil` for the other commands.
    package var tradingState: TradingState? {
        switch self {
        case .halt: .halted
        case .reduce: .reducing
        case .resumeTrading: .active
        case .start, .stop, .restart, .update, .pause, .resume, .flatten: nil
        }
    }
}

/// Where a command stands.
package enum CommandStatus: String, Sendable, Hashable, CaseIterable, Codable {
    case pending
    /// Taken by the manager; its effect was not observed yet.
    case accepted
    /// Its effect was observed.
    case executed
    case failed
    /// A later command made it pointless.
    case superseded
    /// Nobody accepted it in time.
    case expired

    /// Whether nothing more can happen to the command.
    package var isFinal: Bool { self != .pending && self != .accepted }
}

/// A row of `strategy_commands`.
package struct CommandRow: Equatable, Sendable {
    package let id: String
    /// The order in which commands are taken.
    package let sequence: Int64
    /// `nil`: all strategies.
    package let strategyID: String?
    package let kind: CommandKind
    /// A JSON object.
    package let parameters: String
    package let status: CommandStatus
    package let createdAt: Timestamp
    package let acceptedAt: Timestamp?
    /// When it ended, whatever the status.
    package let endedAt: Timestamp?
    package let issuer: String
    package let expiresAt: Timestamp?
    package let error: String?

    static let columns = """
        id, seq, strategy_id, command, parameters, status, created_at, accepted_at, executed_at, issuer, expires_at, \
        error
        """

    init(_ row: Row) throws {
        id = row[0]
        sequence = row[1]
        strategyID = row[2]
        kind = try row.word(3)
        parameters = row[4]
        status = try row.word(5)
        createdAt = row.time(6)
        acceptedAt = row.optionalTime(7)
        endedAt = row.optionalTime(8)
        issuer = row[9]
        expiresAt = row.optionalTime(10)
        error = row[11]
    }
}

/// How a command ended.
package enum CommandResult: Equatable, Sendable {
    case executed
    /// With the reason.
    case failed(String)
    /// With the reason.
    case superseded(String)
}

/// What became of a pending command in `acceptPending`.
package struct AcceptedCommand: Equatable, Sendable {
    /// The row as it is now: accepted, or failed when it was refused.
    package let command: CommandRow
    /// The strategies it applies to, as they are now, by name; all that exist and can be meant for a global
    /// command, none when it failed.
    package let targets: [StrategyRow]
    /// Strategies of a global command that refused it, by name, and why.
    package let refusals: [Refusal]
    /// Commands that it made pointless and that have ended now; the caller stops waiting for their effect.
    package let supersededIDs: [String]

    /// A strategy that a command cannot be applied to.
    package struct Refusal: Equatable, Sendable {
        package let strategyName: String
        package let reason: String

        package init(strategyName: String, reason: String) {
            self.strategyName = strategyName
            self.reason = reason
        }
    }
}

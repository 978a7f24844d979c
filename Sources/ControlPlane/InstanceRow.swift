import GRDB
package import TradingModel

/// A row of `strategy_instances`: one process of a strategy.
package struct InstanceRow: Equatable, Sendable {
    package let strategyID: String
    /// Counts the strategy's processes; never used twice.
    package let epoch: UInt32
    package let pid: Int32
    /// With pid and boot id it names the process for ever; the unit is the system's.
    package let processStartTime: Int64
    package let bootID: String
    package let binaryPath: String
    package let binarySHA256: String?
    package let configGeneration: Int64
    package let restartGeneration: Int64
    package let startedAt: Timestamp
    package let readyAt: Timestamp?
    package let endedAt: Timestamp?
    package let exitCode: Int32?
    package let exitSignal: Int32?
    package let reason: String?
    package let lastLogLines: String?
    /// From its journal: the parameters in force, a JSON object.
    package let parametersJSON: String?
    /// From its journal, once it ended in order: sixteen hexadecimal digits.
    package let orderLogHash: String?

    static let columns = """
        strategy_id, epoch, pid, process_start_time, boot_id, binary_path, binary_sha256, config_generation, \
        restart_generation, started_at, ready_at, ended_at, exit_code, exit_signal, reason, last_log_lines, \
        parameters_json, order_log_hash
        """

    init(_ row: Row) {
        strategyID = row[0]
        epoch = row[1]
        pid = row[2]
        processStartTime = row[3]
        bootID = row[4]
        binaryPath = row[5]
        binarySHA256 = row[6]
        configGeneration = row[7]
        restartGeneration = row[8]
        startedAt = row.time(9)
        readyAt = row.optionalTime(10)
        endedAt = row.optionalTime(11)
        exitCode = row[12]
        exitSignal = row[13]
        reason = row[14]
        lastLogLines = row[15]
        parametersJSON = row[16]
        orderLogHash = row[17]
    }
}

/// A process that was started, to be recorded.
package struct NewInstance: Equatable, Sendable {
    package var strategyID: String
    /// `nil`: the next one is allocated.
    package var epoch: UInt32?
    package var pid: Int32
    package var processStartTime: Int64
    package var bootID: String
    package var binaryPath: String
    package var binarySHA256: String?
    package var configGeneration: Int64
    package var restartGeneration: Int64
    package var startedAt: Timestamp

    package init(
        strategyID: String, epoch: UInt32? = nil, pid: Int32, processStartTime: Int64, bootID: String,
        binaryPath: String, binarySHA256: String? = nil, configGeneration: Int64 = 1,
        restartGeneration: Int64 = 1,
        startedAt: Timestamp
    ) {
        self.strategyID = strategyID
        self.epoch = epoch
        self.pid = pid
        self.processStartTime = processStartTime
        self.bootID = bootID
        self.binaryPath = binaryPath
        self.binarySHA256 = binarySHA256
        self.configGeneration = configGeneration
        self.restartGeneration = restartGeneration
        self.startedAt = startedAt
    }
}

/// How a process ended.
package struct InstanceEnd: Equatable, Sendable {
    package var exitCode: Int32?
    package var exitSignal: Int32?
    /// In an operator's words.
    package var reason: String
    package var lastLogLines: String?

    package init(
        exitCode: Int32? = nil, exitSignal: Int32? = nil, reason: String, lastLogLines: String? = nil
    ) {
        self.exitCode = exitCode
        self.exitSignal = exitSignal
        self.reason = reason
        self.lastLogLines = lastLogLines
    }
}

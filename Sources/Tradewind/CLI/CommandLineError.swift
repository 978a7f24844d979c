import ArgumentParser
import Backtesting
import CPlatform
import ControlPlane
import MarketData
import MessageBus
import StrategyExecution
import Supervision
import TradingEngine

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A failure that a command reports: one message on standard error and an exit code.
struct CommandLineError: Error {
    var exitCode: ExitCode
    var message: String

    init(_ exitCode: ExitCode, _ message: String) {
        self.exitCode = exitCode
        self.message = message
    }
}

/// Writes a line to standard error.
func printError(_ message: String) {
    let bytes = Array((message + "\n").utf8)
    // There is nowhere left to report a failure of standard error.
    _ = bytes.withUnsafeBytes { cplatform_write_all(2, $0.baseAddress, $0.count) }
}

/// Runs a command's body; turns every error of the modules into its message and exit code.
func reporting(_ body: () throws -> Void) throws {
    do {
        try body()
    } catch let code as ExitCode {
        throw code
    } catch {
        printError("tradewind: \(message(of: error))")
        throw exitCode(of: error)
    }
}

private func message(of error: any Error) -> String {
    if let error = error as? CommandLineError { return error.message }
    return "\(error)"
}

private func exitCode(of error: any Error) -> ExitCode {
    switch error {
    case let error as CommandLineError: error.exitCode
    case is ParameterViolations, is EngineError: ExitCodes.configuration
    case let error as BacktestError: exitCode(of: error)
    case let error as ExecutionError:
        error.code == .configuration ? ExitCodes.configuration : ExitCodes.ioError
    case let error as MarketDataError: exitCode(of: error)
    case let error as ControlError: exitCode(of: error)
    case is BusError: ExitCodes.unavailable
    default: ExitCodes.failed
    }
}

private func exitCode(of error: BacktestError) -> ExitCode {
    switch error.kind {
    case .configuration: ExitCodes.configuration
    case .noRecords, .mismatch: ExitCodes.badData
    case .output: ExitCodes.ioError
    }
}

private func exitCode(of error: MarketDataError) -> ExitCode {
    switch error.code {
    case .fileNotFound: ExitCodes.noInput
    case .system: error.errorNumber == EACCES ? ExitCodes.noPermission : ExitCodes.ioError
    case .fileExists, .fileBusy: ExitCodes.ioError
    case .badOptions, .unknownFeed, .instrumentConflict: ExitCodes.configuration
    default: ExitCodes.badData
    }
}

private func exitCode(of error: ControlError) -> ExitCode {
    switch error.code {
    case .permission: ExitCodes.noPermission
    case .home:
        error.errno == EACCES || error.errno == EPERM || error.errno == EROFS
            ? ExitCodes.noPermission : ExitCodes.noInput
    case .notInitialized, .notFound: ExitCodes.noInput
    case .notADatabase, .newerVersion, .olderVersion, .corrupt, .refused: ExitCodes.badData
    case .busy: ExitCodes.timeout
    case .storage: ExitCodes.ioError
    case .system: error.errno == EACCES || error.errno == EPERM ? ExitCodes.noPermission : ExitCodes.ioError
    default: ExitCodes.failed
    }
}

import CPlatform
import StrategyExecution
import Supervision
import TradingModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension ProcessLimits {
    /// Puts the limits of a strategy in force for this process; what cannot be is a wrong configuration.
    static func apply(limitsJSON: String?) throws {
        let inputs = try StrategyConfiguration.scalars(json: limitsJSON, column: "limits_json")
        var violations: [String] = []
        let limits = ProcessLimits(inputs: inputs) { violations.append("\($0): \($1)") }
        func check(_ name: String, _ result: Int32?) {
            guard let result, result != 0 else { return }
            violations.append("\(name): \(String(cString: strerror(errno)))")
        }
        check("nice", limits.nice.map { cplatform_set_nice($0) })
        check("cpus", limits.cpus.map { cplatform_set_affinity($0, $0.count) })
        check("descriptors_max", limits.descriptorsMax.map { cplatform_limit_descriptors(Int64($0)) })
        check("core_bytes_max", limits.coreBytesMax.map { cplatform_limit_core(Int64($0)) })
        guard violations.isEmpty else {
            throw RoleError(
                exitCode: ExitStatus.configurationErrorCode,
                message: "limits_json: \(violations.joined(separator: "; "))")
        }
    }
}

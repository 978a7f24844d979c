import ControlPlane
import MessageBus
import TradingModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension Manager {
    /// Samples CPU and memory of every process, publishes and stores them, every few seconds.
    func sampleIfDue(_ now: MonotonicTime) {
        let interval = max(Limits.sampleInterval, Limits.sampleIntervalPerProcess * executors.count)
        guard now - lastSample >= interval else { return }
        lastSample = now
        let time = WallClock.now
        var rows: [ProcessMetricsRow] = []
        sample("manager", "manager", getpid(), now, time, into: &rows)
        for process in allProcesses {
            guard let pid = process.handle?.pid else { continue }
            let before = rows.count
            sample(process.role.name, process.name, pid, now, time, into: &rows)
            if rows.count > before { checkThresholds(rows[before], of: process) }
        }
        let sampled = rows
        store?.enqueue("process metrics", isDroppable: true) { try $0.insertProcessMetrics(sampled) }
    }

    /// Raises an alarm when a process comes to use more than its threshold, once until it is a tenth below again.
    private func checkThresholds(_ row: ProcessMetricsRow, of process: ManagedProcess) {
        func check(_ name: String, _ unit: String, _ value: Double?, _ threshold: Int?) {
            guard let value, let threshold else { return }
            if value >= Double(threshold), process.alerts.insert(name).inserted {
                note("ALARM: \(name) \(Int(value)) \(unit) is at or above \(threshold) \(unit)", of: process)
            } else if value < Double(threshold) * 0.9, process.alerts.remove(name) != nil {
                note("\(name) \(Int(value)) \(unit) is below \(threshold) \(unit) again", of: process)
            }
        }
        let mebibytes = row.residentBytes.map { Double($0) / 1_048_576 }
        check("memory", "MiB", mebibytes, process.limits.memoryAlertMiB)
        check("cpu", "%", row.cpuPercent, process.limits.cpuAlertPercent)
    }

    private func sample(
        _ role: String, _ name: String, _ pid: Int32, _ now: MonotonicTime, _ time: Timestamp,
        into rows: inout [ProcessMetricsRow]
    ) {
        guard let sample = sampler.sample(pid, now: now) else { return }
        let percent = sample.cpuShare.map { $0 * 100 }
        rows.append(
            ProcessMetricsRow(
                time: time, role: role, name: name, pid: pid, cpuPercent: percent,
                residentBytes: Int64(sample.residentBytes)))
        let payload = ProcessHealthPayload(
            role: role, name: name, processID: pid, time: time, cpuPercent: percent ?? 0,
            residentBytes: Int64(sample.residentBytes))
        _ = client?.publish(.health, payload.encoded())
    }
}

import Testing
import TradingModel

@Suite struct ProcessLimitsTests {
    private func read(_ inputs: [(name: String, text: String)]) -> (ProcessLimits, [String]) {
        var violations: [String] = []
        let limits = ProcessLimits(inputs: inputs) { name, message in violations.append("\(name): \(message)")
        }
        return (limits, violations)
    }

    @Test func allNamesAreReadAndOthersAreLeftAlone() {
        let (limits, violations) = read([
            ("nice", "5"), ("cpus", "3,0-1"), ("descriptors_max", "64"), ("core_bytes_max", "0"),
            ("memory_alert_mib", "500"), ("cpu_alert_percent", "80"), ("max_position", "x"),
        ])
        #expect(violations.isEmpty)
        var expected = ProcessLimits()
        expected.nice = 5
        expected.cpus = [0, 1, 3]
        expected.descriptorsMax = 64
        expected.coreBytesMax = 0
        expected.memoryAlertMiB = 500
        expected.cpuAlertPercent = 80
        #expect(limits == expected)
    }

    @Test(arguments: [
        ("nice", "-1"), ("nice", "20"), ("nice", "x"), ("cpus", ""), ("cpus", "1-"), ("cpus", "2-1"),
        ("cpus", "1024"),
        ("cpus", "0,,1"), ("descriptors_max", "31"), ("core_bytes_max", "-1"), ("memory_alert_mib", "0"),
        ("cpu_alert_percent", "1.5"),
    ])
    func whatIsWrongIsNamed(name: String, text: String) {
        let (limits, violations) = read([(name, text)])
        #expect(violations.count == 1 && violations[0].hasPrefix("\(name): '\(text)' is not"))
        #expect(limits == ProcessLimits())
    }
}

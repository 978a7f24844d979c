import Foundation
import TestSupport

/// Runs faults in random order under load and says whether everything was where it should be afterwards, once.
///
/// `chaos [--minutes N] [--seed S] [--keep]`; exit code 0 when nothing was wrong, 1 when something was, 64 for a wrong
/// option. `scripts/chaos` builds and runs it.
@main enum Chaos {
    static func main() {
        var minutes = 10.0
        var seed = UInt64.random(in: 1...999_999)
        var isKept = false
        var arguments = Array(CommandLine.arguments.dropFirst())
        while !arguments.isEmpty {
            let option = arguments.removeFirst()
            switch option {
            case "--keep": isKept = true
            case "--minutes": minutes = number(option, &arguments, in: 0.1...100_000)
            case "--seed": seed = UInt64(number(option, &arguments, in: 0...9e15))
            default: usage("'\(option)' is no option")
            }
        }
        exit(run(minutes, seed, isKept) ? 0 : 1)
    }

    private static func run(_ minutes: Double, _ seed: UInt64, _ isKept: Bool) -> Bool {
        say(
            "chaos for \(minutes) min; the same faults again: scripts/chaos --minutes \(minutes) --seed \(seed)"
        )
        do {
            var chaos = try ChaosRun(seed: seed, minutes: minutes)
            chaos.run()
            say(chaos.table.rendered())
            if !chaos.table.account.isEmpty { say(chaos.table.account) }
            guard chaos.complaints.isEmpty else {
                report(chaos, isKept)
                return false
            }
            say(
                "\(chaos.table.faultCount) faults with seed \(seed): intents, fills, commands and metrics lost 0, doubled 0; "
                    + "nobody else restarted; nothing left behind")
            return true
        } catch {
            say("the desk could not be set up: \(error)")
            return false
        }
    }

    private static func report(_ chaos: ChaosRun, _ isKept: Bool) {
        say(String(chaos.desk.log.suffix(isKept ? 200_000 : 8_000)))
        chaos.desk.endEverything()
        for complaint in chaos.complaints { say("WRONG: \(complaint)") }
        if isKept {
            let place = FileManager.default.temporaryDirectory.appendingPathComponent("chaos-\(chaos.seed)")
                .path
            try? FileManager.default.moveItem(atPath: chaos.desk.home, toPath: place)
            say("the home is kept in \(place)")
        }
        say("FAILED with seed \(chaos.seed): scripts/chaos --minutes \(chaos.minutes) --seed \(chaos.seed)")
    }

    private static func number(
        _ option: String, _ arguments: inout [String], in range: ClosedRange<Double>
    ) -> Double {
        guard let text = arguments.first, let value = Double(text), range.contains(value) else {
            usage("\(option) takes a number from \(range.lowerBound) to \(range.upperBound)")
        }
        arguments.removeFirst()
        return value
    }

    private static func usage(_ problem: String) -> Never {
        FileHandle.standardError.write(
            Data("chaos: \(problem)\nusage: scripts/chaos [--minutes N] [--seed S] [--keep]\n".utf8))
        exit(64)
    }
}

/// Prints a line at once, so that a run that is watched, or ended, has said all it knew.
func say(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }

import ArgumentParser
import MarketData
import TradingModel

extension TicksCommand {
    /// `tradewind ticks repair FILE...`
    struct Repair: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Cut the incomplete end of tick files whose writer or copy was cut off, and close them.",
            discussion: """
                Says what was cut. Damage before the end is reported and not touched; with --drop-damaged, everything \
                that is whole is copied into a new file, with a gap record, which strategies hear of, in place of \
                each damaged part. The damaged file stays as it is.
                """)

        @OptionGroup var ignored: IgnoredHomeOption
        @Argument(help: "Tick files; one with --drop-damaged.") var files: [String]
        @Flag(name: .long, help: "Copy FILE without its damaged blocks into the file of -o.")
        var dropDamaged = false
        @Option(name: [.short, .customLong("output")], help: "The tick file to make with --drop-damaged.")
        var output: String?

        func run() throws {
            try reporting {
                guard !dropDamaged else { return try salvage() }
                guard output == nil else {
                    throw CommandLineError(
                        ExitCodes.usage, "files are mended in place; -o goes with --drop-damaged")
                }
                for file in files {
                    let repair = try TickFileRepair(path: file)
                    if let offset = repair.recovery.cutOffset {
                        let lost =
                            repair.lostRecordCount > 0 ? ", \(repair.lostRecordCount) records are lost" : ""
                        print(
                            "\(file): cut \(repair.recovery.cutByteCount) bytes from byte \(offset) on;"
                                + " \(repair.recordCount) records are left\(lost)")
                    } else if repair.recovery.wasClosed, repair.lostRecordCount == 0 {
                        print("\(file): nothing to cut, \(repair.recordCount) records")
                    } else {
                        print(
                            "\(file): nothing to cut, closed with \(repair.recordCount) records"
                                + (repair.lostRecordCount > 0 ? "; \(repair.lostRecordCount) are lost" : ""))
                    }
                    let check = try TickFileVerification(path: file)
                    guard let damage = check.damages.first else { continue }
                    throw CommandLineError(
                        ExitCodes.badData,
                        "\(file): block \(damage.block) at byte \(damage.offset): \(damage.reason); take the"
                            + " file from a backup, or copy it without its damaged blocks with --drop-damaged"
                    )
                }
            }
        }

        private func salvage() throws {
            guard let output, let file = files.first, files.count == 1 else {
                throw CommandLineError(
                    ExitCodes.usage,
                    "--drop-damaged copies one file into another: name it, and with -o the new one")
            }
            UnfinishedFiles.removeWhenInterrupted(writing: output)
            let salvage = try TickFileSalvage(path: file, output: output)
            for loss in salvage.losses {
                let blocks =
                    switch loss.blockCount {
                    case 0: "end missing"
                    case 1: "block \(loss.firstBlock)"
                    default: "blocks \(loss.firstBlock) to \(loss.firstBlock + loss.blockCount - 1)"
                    }
                let count = loss.recordCount.map { "\($0) records" } ?? "an unknown number of records"
                let begin = loss.previousTime.map { "after \($0)" } ?? "at the begin"
                let end = loss.nextTime.map { "before \($0)" } ?? "to the end"
                print(
                    "\(file): left out \(blocks) at byte \(loss.offset), \(loss.byteCount) bytes: \(count) received"
                        + " \(begin) and \(end)")
            }
            if salvage.losses.isEmpty { print("\(file): nothing is damaged") }
            let gaps = salvage.gapCount == 1 ? "1 gap record" : "\(salvage.gapCount) gap records"
            print("\(salvage.recordCount) records and \(gaps) in \(output)")
        }
    }
}

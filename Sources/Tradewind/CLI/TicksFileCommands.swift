import ArgumentParser
import CPlatform
import MarketData
import Monitoring
import TradingModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Which records of tick files a command is about.
struct TickFilterOptions: ParsableArguments {
    @Option(name: .long, help: "Only this instrument; repeatable.") var symbol: [String] = []
    @Option(name: .long, help: "From this ISO-8601 receive time on.") var from: String?
    @Option(name: .long, help: "Before this ISO-8601 receive time.") var to: String?
    @Option(name: .long, help: "Only this kind (quote, trade, bar, depth, status, gap); repeatable.")
    var kind: [String] = []

    func filter(of instruments: [Instrument], path: String) throws -> TickFileCopy.Filter {
        var filter = TickFileCopy.Filter()
        if let from { filter.start = try time(from, "--from") }
        if let to { filter.end = try time(to, "--to") }
        if !symbol.isEmpty {
            filter.tokens = Set(
                try symbol.map { symbol in
                    if let found = instruments.first(where: { $0.symbol == symbol }) { return found.token }
                    let known = instruments.map(\.symbol).joined(separator: ", ")
                    throw CommandLineError(
                        ExitCodes.badData, "\(path) has no instrument \(symbol); it has \(known)")
                })
        }
        if !kind.isEmpty {
            var kinds = Set<MarketEventKind>()
            for name in kind {
                guard let known = MarketEventKind.allCases.first(where: { "\($0)" == name }) else {
                    let all = MarketEventKind.allCases.filter { $0 != .barVolume }.map { "\($0)" }
                    throw CommandLineError(
                        ExitCodes.usage, "--kind: '\(name)' is none of \(all.joined(separator: ", "))")
                }
                kinds.insert(known)
                // A bar is two records that belong together.
                if known == .bar { kinds.insert(.barVolume) }
            }
            filter.kinds = kinds
        }
        return filter
    }

    private func time(_ text: String, _ option: String) throws -> Timestamp {
        if let time = Timestamp(iso8601: text) { return time }
        throw CommandLineError(
            ExitCodes.usage, "\(option): '\(text)' is not a time such as 2026-01-05T09:00:00Z")
    }
}

/// Lines to a descriptor, written in pieces of some size.
final class LineOutput {
    private let descriptor: Int32
    private let name: String
    private var bytes: [UInt8] = []
    private static let pieceByteCount = 1 << 18

    init(descriptor: Int32 = 1, name: String = "standard output") {
        self.descriptor = descriptor
        self.name = name
        bytes.reserveCapacity(Self.pieceByteCount + 4096)
    }

    func write(_ line: String) throws {
        bytes.append(contentsOf: line.utf8)
        bytes.append(0x0A)
        if bytes.count >= Self.pieceByteCount { try flush() }
    }

    func flush() throws {
        let result = bytes.withUnsafeBytes { cplatform_write_all(descriptor, $0.baseAddress, $0.count) }
        let number = errno
        bytes.removeAll(keepingCapacity: true)
        guard result == 0 else {
            throw CommandLineError(
                ExitCodes.ioError, "cannot write \(name): \(String(cString: strerror(number)))")
        }
    }
}

extension TicksCommand {
    /// `tradewind ticks cat FILE...`
    struct Cat: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print records as CSV, or as JSON lines.")

        @OptionGroup var ignored: IgnoredHomeOption
        @OptionGroup var options: TickFilterOptions
        @Argument(help: "Tick files; several are merged by time.") var files: [String]
        @Option(name: .shortAndLong, help: "At most so many records.") var number: Int?
        @Flag(name: .long, help: "Print JSON lines.") var json = false

        func run() throws {
            try reporting {
                try printRecords(files, options, number: number, json: json, output: LineOutput())
            }
        }
    }

    /// `tradewind ticks export FILE... -o OUT.csv`
    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Write records as CSV that 'ticks import --preset records' reads back to the same records.",
            discussion:
                "With --instruments the instruments go to a second CSV file, for 'ticks import --instruments'."
        )

        @OptionGroup var ignored: IgnoredHomeOption
        @OptionGroup var options: TickFilterOptions
        @Argument(help: "Tick files; several are merged by time.") var files: [String]
        @Option(name: [.short, .customLong("output")], help: "The CSV file to make.") var output: String
        @Option(name: .long, help: "A CSV file to make of the instruments.") var instruments: String?

        func run() throws {
            try reporting {
                let others = instruments.map { [$0 + ".partial"] } ?? []
                UnfinishedFiles.removeWhenInterrupted([output + ".partial"] + others)
                let count = try NewTextFile(path: output).write { lines in
                    try printRecords(files, options, number: nil, json: false, output: lines)
                }
                print("\(count) records in \(output)")
                guard let instruments else { return }
                let known = try MergedTickReader(paths: files).instruments
                _ = try NewTextFile(path: instruments).write { lines in
                    try lines.write(InstrumentTableFile.header)
                    for instrument in known { try lines.write(InstrumentTableFile.line(instrument)) }
                    try lines.flush()
                    return known.count
                }
                print("\(known.count) instruments in \(instruments)")
            }
        }
    }

    /// `tradewind ticks merge FILE... -o OUT`
    struct Merge: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Merge tick files by receive time into one; equal times in the order of the files.",
            discussion: "Sequences are counted anew, from 1.")

        @OptionGroup var ignored: IgnoredHomeOption
        @Argument(help: "Tick files.") var files: [String]
        @Option(name: [.short, .customLong("output")], help: "The tick file to make.") var output: String

        func run() throws {
            try reporting {
                UnfinishedFiles.removeWhenInterrupted(writing: output)
                let copy = try TickFileCopy(paths: files, renumbers: true)
                try copy.write(to: output, source: "merge of \(files.count) files")
                print("\(copy.recordCount) records of \(files.count) files in \(output)")
            }
        }
    }

    /// `tradewind ticks slice FILE -o OUT`
    struct Slice: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Copy a part of a tick file, by time, instrument and kind, into a new one; records stay as they are."
        )

        @OptionGroup var ignored: IgnoredHomeOption
        @OptionGroup var options: TickFilterOptions
        @Argument(help: "A tick file.") var file: String
        @Option(name: [.short, .customLong("output")], help: "The tick file to make.") var output: String

        func run() throws {
            try reporting {
                let header = try TickFileReader(path: file).header
                let filter = try options.filter(of: header.instruments, path: file)
                UnfinishedFiles.removeWhenInterrupted(writing: output)
                let copy = try TickFileCopy(paths: [file], filter: filter, renumbers: false)
                try copy.write(to: output, source: String("slice: \(header.source)".prefix(1000)))
                print("\(copy.recordCount) of \(header.recordCount) records in \(output)")
            }
        }
    }

    /// `tradewind ticks verify FILE...`
    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check every block of tick files; all damage is told with its offset.")

        @OptionGroup var ignored: IgnoredHomeOption
        @Argument(help: "Tick files.") var files: [String]

        func run() throws {
            try reporting {
                var wrong: [String] = []
                for file in files {
                    do {
                        let result = try TickFileVerification(path: file)
                        if !result.isIntact { wrong.append(file) }
                        report(file, result)
                    } catch {
                        wrong.append(file)
                        print("\(error)")
                    }
                }
                guard wrong.isEmpty else {
                    throw CommandLineError(
                        ExitCodes.badData, "\(wrong.count) of \(files.count) files are not whole")
                }
            }
        }

        private func report(_ file: String, _ result: TickFileVerification) {
            let size = "\(result.recordCount) records in \(result.blockCount) blocks"
            if result.isIntact { return print("\(file): intact, \(size)") }
            if result.tornByteCount > 0 {
                print(
                    "\(file): its last \(result.tornByteCount) bytes are no whole block, \(size) are whole;"
                        + " cut them with 'ticks repair'")
            } else if !result.header.isClosed {
                print("\(file): not closed by its writer, \(size) are whole; close it with 'ticks repair'")
            }
            for damage in result.damages {
                print("\(file): block \(damage.block) at byte \(damage.offset): \(damage.reason)")
            }
        }
    }
}

/// Prints the records of files that pass a filter; gives their number.
@discardableResult
private func printRecords(
    _ files: [String], _ options: TickFilterOptions, number: Int?, json: Bool, output: LineOutput
) throws -> Int {
    let reader = try MergedTickReader(paths: files, tornTail: .leaveOut)
    let text = MarketEventText(instruments: reader.instruments)
    let filter = try options.filter(of: reader.instruments, path: files.joined(separator: ", "))
    if options.from != nil { try reader.rewind(to: filter.start) }
    var count = 0
    if !json { try output.write(MarketEventText.csvHeader) }
    // What was read before damage is printed before it is told.
    defer { try? output.flush() }
    reading: while count < number ?? .max, let run = try reader.nextRun() {
        for event in run {
            guard event.receiveTime < filter.end else { break reading }
            guard filter.takes(event) else { continue }
            try output.write(json ? text.jsonLine(event) : text.csvLine(event))
            count += 1
            if count == number { break reading }
        }
    }
    try output.flush()
    return count
}

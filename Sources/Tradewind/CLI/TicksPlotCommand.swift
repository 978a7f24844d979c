import ArgumentParser
import CPlatform
import Foundation
import MarketData
import TradingModel

extension TicksCommand {
    /// `tradewind ticks plot FILE...`
    struct Plot: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Draw the prices of an instrument in the terminal, or into a PNG file.",
            discussion: "A quote counts with its mid price. Each column covers an equal part of the time.")

        @OptionGroup var ignored: IgnoredHomeOption
        @OptionGroup var options: TickFilterOptions
        @Argument(help: "Tick files; several are merged by time.") var files: [String]
        @Option(name: [.short, .customLong("output")], help: "The PNG file to make.") var output: String?
        @Option(name: .long, help: "Columns of characters, or pixels of a PNG file.") var width: Int?
        @Option(name: .long, help: "Lines of characters, or pixels of a PNG file.") var height: Int?

        func run() throws {
            try reporting {
                let instruments = try MergedTickReader(paths: files, tornTail: .leaveOut).instruments
                let filter = try options.filter(of: instruments, path: files.joined(separator: ", "))
                let chosen = options.symbol.first.flatMap { name in instruments.first { $0.symbol == name } }
                guard options.symbol.count <= 1,
                    let instrument = chosen ?? (instruments.count == 1 ? instruments[0] : nil)
                else {
                    let known = instruments.map(\.symbol).joined(separator: ", ")
                    throw CommandLineError(
                        ExitCodes.usage, "name one instrument with --symbol; there are \(known)")
                }
                let isPicture = output != nil
                let width = width ?? (isPicture ? 1200 : 100)
                let height = height ?? (isPicture ? 600 : 20)
                guard (isPicture ? 50...10_000 : 10...10_000).contains(width), (2...10_000).contains(height)
                else {
                    throw CommandLineError(
                        ExitCodes.usage,
                        isPicture
                            ? "--width is 50 to 10000 pixels, --height 2 to 10000"
                            : "--width is 10 to 10000 characters, --height 2 to 10000 lines")
                }
                let series = try PriceSeries(
                    paths: files, token: instrument.token, filter: filter, columnCount: width)
                guard let range = series.range else {
                    throw CommandLineError(ExitCodes.badData, "\(instrument.symbol) has no prices there")
                }
                guard let output else {
                    print("\(instrument.symbol), \(range.lowerBound) to \(range.upperBound)")
                    return print(series.text(height: height))
                }
                guard !FileManager.default.fileExists(atPath: output) else {
                    throw CommandLineError(
                        ExitCodes.ioError, "\(output) exists already; remove it or choose another name")
                }
                let bytes = Data(series.image(width: width, height: height).encoded())
                do {
                    try bytes.write(to: URL(fileURLWithPath: output), options: .atomic)
                } catch {
                    throw CommandLineError(
                        ExitCodes.ioError, "cannot write \(output): \(error.localizedDescription)")
                }
                print(
                    "\(instrument.symbol), \(range.lowerBound) to \(range.upperBound), \(series.start) to"
                        + " \(series.end), in \(output)")
            }
        }
    }
}

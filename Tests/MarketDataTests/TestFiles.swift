import MarketData
import TradingModel

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// A directory of its own for one test, removed afterwards.
final class TestDirectory {
    let path: String

    init() {
        var template = Array("/tmp/market-data-test-XXXXXX".utf8CString)
        path = template.withUnsafeMutableBufferPointer { buffer in
            String(cString: mkdtemp(buffer.baseAddress!))
        }
    }

    deinit {
        for name in names { unlink(path + "/" + name) }
        rmdir(path)
    }

    /// The names of the files in it, sorted.
    var names: [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    func file(_ name: String) -> String { path + "/" + name }

    func remove(_ name: String) { unlink(path + "/" + name) }

    /// Writes a file and gives its path.
    @discardableResult
    func write(_ bytes: [UInt8], to name: String) -> String {
        let target = fopen(file(name), "wb")!
        fwrite(bytes, 1, bytes.count, target)
        fclose(target)
        return file(name)
    }

    @discardableResult
    func write(_ text: String, to name: String) -> String { write(Array(text.utf8), to: name) }

    func read(_ name: String) -> [UInt8] {
        let source = fopen(file(name), "rb")!
        defer { fclose(source) }
        fseek(source, 0, SEEK_END)
        let count = ftell(source)
        rewind(source)
        var bytes = [UInt8](repeating: 0, count: count)
        fread(&bytes, 1, count, source)
        return bytes
    }
}

/// An instrument of the tests.
let testInstrument = Instrument(symbol: "BTCUSDT", category: "crypto", priceIncrement: Price(e8: 1_000_000))

/// A quote whose fields all follow from its number.
func testQuote(_ number: Int, time: Int64? = nil, token: InstrumentToken = testInstrument.token)
    -> MarketEvent
{
    let quote = Quote(
        bid: Price(100 + number), ask: Price(101 + number), bidSize: Quantity(number + 1),
        askSize: Quantity(2))
    let at = Timestamp(nanoseconds: time ?? Int64(number) * 1000 + 1_000_000)
    return .quote(quote, token: token, eventTime: at, receiveTime: at, sequence: UInt64(number + 1))
}

/// Writes a finished tick file of quotes with the given receive times.
@discardableResult
func writeTicks(
    _ path: String, times: [Int64], instrument: Instrument = testInstrument, source: String = "test"
) throws -> [MarketEvent] {
    let events = times.enumerated().map { testQuote($0.offset, time: $0.element, token: instrument.token) }
    let writer = try TickFileWriter(path: path, instruments: [instrument], source: source)
    for event in events { try writer.append(event) }
    try writer.finish()
    return events
}

/// All records of a tick file.
func readTicks(_ path: String) throws -> [MarketEvent] {
    var events: [MarketEvent] = []
    try TickFileReader(path: path).forEachBlock { events.append(contentsOf: $0) }
    return events
}

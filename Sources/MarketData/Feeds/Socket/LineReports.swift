import TradingModel

/// Samples of what was not understood, for the log: three a second at most, and how many there were besides.
struct LineReports {
    private var samples: [String] = []
    private var count = 0
    private var next = ContinuousClock.now

    /// Notes one; the text of the line is cut, and shown without what a terminal would obey.
    mutating func add(_ reason: String, _ line: [UInt8]) {
        count += 1
        guard samples.count < Limits.malformedLinesLogged else { return }
        samples.append(line.isEmpty ? reason : "\(reason): \(Self.readable(line))")
    }

    /// The lines for the log, if a second has passed since the last ones.
    mutating func due(_ address: SocketAddress) -> [String] {
        guard count > 0 else { return [] }
        let now = ContinuousClock.now
        guard now >= next else { return [] }
        next = now + .seconds(1)
        let further = count - samples.count
        defer {
            samples = []
            count = 0
        }
        return samples.map { "not understood from \(address): \($0)" }
            + (further > 0 ? ["not understood from \(address): \(further) more"] : [])
    }

    /// The beginning of a line as text.
    static func readable(_ line: [UInt8]) -> String {
        var text = ""
        for byte in line.prefix(Limits.malformedLineBytesLogged) {
            if (0x20..<0x7F).contains(byte) {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16)
                text += "\\x" + (digits.count < 2 ? "0" : "") + digits
            }
        }
        return line.count > Limits.malformedLineBytesLogged ? text + "... (\(line.count) bytes)" : text
    }
}

import TradingModel

extension Timestamp {
    /// A time as RFC 3339 writes it, in either case, with any offset below a day. What a timestamp cannot hold, before 1677
    /// or after 2262, becomes the nearest one that it can; `nil` for other texts.
    init?(rfc3339 text: String) {
        guard let (utc, offset) = Self.split(text.uppercased()), let year = Int(utc.prefix(4)) else {
            return nil
        }
        if let found = Timestamp(iso8601: utc) {
            let (moment, isBeyond) = found.nanoseconds.subtractingReportingOverflow(offset)
            self.init(nanoseconds: isBeyond ? (offset > 0 ? .min : .max) : moment)
            return
        }
        guard !(1_678...2_261).contains(year) else { return nil }
        // Its form is right when the same moment of a year is that can be held.
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        guard Timestamp(iso8601: (isLeap ? "1972" : "1973") + utc.dropFirst(4)) != nil else { return nil }
        self.init(nanoseconds: year < 1_970 ? .min : .max)
    }

    /// The text with Z in place of its offset, and the offset in nanoseconds; `nil` for an offset that cannot be.
    private static func split(_ text: String) -> (utc: String, offset: Int64)? {
        let end = Array(text.utf8.suffix(6))
        guard end.count == 6, end[3] == UInt8(ascii: ":"),
            [UInt8(ascii: "+"), UInt8(ascii: "-")].contains(end[0])
        else { return (text, 0) }
        guard let hours = twoDigits(end[1...2]), hours < 24, let minutes = twoDigits(end[4...5]), minutes < 60
        else { return nil }
        let offset = Int64(hours * 60 + minutes) * 60_000_000_000
        return (text.dropLast(6) + "Z", end[0] == UInt8(ascii: "+") ? offset : -offset)
    }

    private static func twoDigits(_ text: ArraySlice<UInt8>) -> Int? {
        guard text.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return text.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
}

/// The zone that times of day without one are in.
package enum CSVZone: Equatable, Sendable {
    /// A constant distance from UTC; EST without daylight saving is -18000.
    case fixed(secondsEast: Int64)
    /// A place's rules with their changes, from the system's zone database.
    case place(ZoneRules)

    /// Coordinated universal time.
    package static let utc = CSVZone.fixed(secondsEast: 0)

    /// Reads `Z`, `UTC`, `GMT`, `EST` (no daylight saving), an offset such as `-05:00`, or the name of a place
    /// such as `America/New_York`; throws `badOptions` for anything else.
    package init(_ text: String) throws(MarketDataError) {
        switch text {
        case "Z", "UTC", "GMT": self = .utc
        case "EST": self = .fixed(secondsEast: -5 * 3600)
        default:
            var copy = text
            if let offset = copy.withUTF8({ CSVTimeParser.zoneOffsetSeconds($0) }) {
                self = .fixed(secondsEast: offset)
            } else {
                self = .place(try ZoneRules(name: text))
            }
        }
    }
}

/// A zone's distances from UTC over time, read from a compiled file of the zone database (RFC 8536).
///
/// Read here rather than with Foundation, whose zones would put its internationalisation data into every
/// executable.
package struct ZoneRules: Equatable, Sendable {
    /// What a time of day in the zone stands for.
    enum Resolution: Equatable {
        case offset(Int64)
        /// The clock shows it twice, when it is set back.
        case ambiguous
        /// The clock never shows it, when it is set forward.
        case missing
    }

    /// The zone's name.
    package let name: String
    private var changes: [(time: Int64, offset: Int64)] = []
    private var firstOffset: Int64 = 0
    private var tail: ZoneTail?

    /// Loads a zone by its name from the system's zone database; `$TZDIR` overrides where that is.
    package init(name: String) throws(MarketDataError) {
        let isName = name.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || byte == 0x2F || byte == 0x5F || byte == 0x2D || byte == 0x2B
        }
        let directories = [Syscall.environment("TZDIR"), "/usr/share/zoneinfo", "/var/db/timezone/zoneinfo"]
        for directory in directories {
            guard let directory, isName, !name.isEmpty, !name.hasPrefix("/"), name.utf8.count < 64,
                let bytes = Syscall.contents(of: directory + "/" + name, byteCountMax: 1 << 20)
            else { continue }
            guard let rules = ZoneRules(name: name, compiled: bytes) else {
                throw MarketDataError(
                    .damaged, "\(directory)/\(name) is no compiled time zone; reinstall tzdata")
            }
            self = rules
            return
        }
        throw MarketDataError(
            .badOptions,
            "no time zone '\(name)': give UTC, EST, an offset such as -05:00, or a place such as"
                + " America/New_York that is in /usr/share/zoneinfo (package tzdata)")
    }

    package static func == (left: Self, right: Self) -> Bool { left.name == right.name }

    /// Reads the second, 64-bit part of a compiled file and the rule for later times at its end.
    init?(name: String, compiled bytes: [UInt8]) {
        self.name = name
        func number(_ offset: Int, _ byteCount: Int) -> Int64 {
            var value: Int64 = bytes[offset] >= 0x80 ? -1 : 0
            for index in 0..<byteCount { value = value << 8 | Int64(bytes[offset + index]) }
            return value
        }
        func counts(_ header: Int) -> [Int]? {
            guard bytes.count >= header + 44, bytes[header..<header + 4].elementsEqual("TZif".utf8) else {
                return nil
            }
            return (0..<6).map { Int(number(header + 20 + 4 * $0, 4)) }
        }
        guard let first = counts(0), bytes[4] >= 0x32, first.allSatisfy({ (0...100_000).contains($0) }) else {
            return nil
        }
        let isutc = first[0], isstd = first[1], leap = first[2], time = first[3], type = first[4]
        let header = 44 + time * 5 + type * 6 + first[5] + leap * 8 + isstd + isutc
        guard let second = counts(header), second.allSatisfy({ (0...100_000).contains($0) }) else {
            return nil
        }
        let times = header + 44
        let kinds = times + second[3] * 8
        let types = kinds + second[3]
        let footer = types + second[4] * 6 + second[5] + second[2] * 12 + second[1] + second[0]
        guard second[4] > 0, footer <= bytes.count else { return nil }
        firstOffset = number(types, 4)
        for index in 0..<second[3] {
            let kind = Int(bytes[kinds + index])
            guard kind < second[4] else { return nil }
            changes.append((number(times + 8 * index, 8), number(types + 6 * kind, 4)))
        }
        let text = bytes[footer...].filter { $0 != 0x0A }
        if !text.isEmpty {
            guard let tail = ZoneTail(Array(text)) else { return nil }
            self.tail = tail
        }
    }

    /// Seconds east of UTC at a moment, in seconds since 1970.
    func offset(atUTC seconds: Int64) -> Int64 {
        if let last = changes.last, seconds >= last.time {
            return tail?.offset(atUTC: seconds) ?? last.offset
        }
        if changes.isEmpty { return tail?.offset(atUTC: seconds) ?? firstOffset }
        var low = 0
        var high = changes.count
        while low < high {
            let middle = (low + high) / 2
            if changes[middle].time <= seconds { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? firstOffset : changes[low - 1].offset
    }

    /// The distance from UTC of what a clock there shows, in seconds since 1970 as if it were UTC.
    func resolve(local seconds: Int64) -> Resolution {
        // No zone is more than a day away from UTC, and none changes twice within two days.
        let before = offset(atUTC: seconds - 86_400)
        let after = offset(atUTC: seconds + 86_400)
        let isBefore = offset(atUTC: seconds - before) == before
        let isAfter = offset(atUTC: seconds - after) == after
        if before == after { return isBefore ? .offset(before) : .missing }
        switch (isBefore, isAfter) {
        case (true, true): return .ambiguous
        case (true, false): return .offset(before)
        case (false, true): return .offset(after)
        case (false, false): return .missing
        }
    }

    /// Whether the distance from UTC stays the same over a local day.
    func isConstant(overDay day: Int64) -> Bool {
        let start = day * 86_400
        return offset(atUTC: start - 86_400) == offset(atUTC: start + 2 * 86_400)
    }
}

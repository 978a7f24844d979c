/// The members of a zip archive, as its directory at the end lists them.
///
/// Read after the description of the format that PKWARE publishes (APPNOTE.TXT): the end of the central directory,
/// with its 64-bit form where an archive needs it, and an entry for each member. Nothing is unpacked here.
struct ZipArchive {
    /// One file in an archive.
    struct Member: Sendable {
        /// The name with its folders.
        let name: String
        /// Whether its bytes are compressed with deflate; otherwise they are stored as they are.
        let isDeflated: Bool
        /// CRC-32 of the unpacked bytes.
        let checksum: UInt32
        /// Bytes in the archive, and unpacked.
        let packedByteCount: Int, byteCount: Int
        /// Where its own header begins in the archive.
        let headerOffset: Int
    }

    /// What a directory entry says.
    private struct Entry {
        var member: Member
        var method: Int
        var isEncrypted: Bool
    }

    private static let endByteCount = 22, locatorByteCount = 20, end64ByteCount = 56, entryByteCount = 46
    private static let localByteCount = 30
    /// A comment at the end may be so long.
    private static let commentBytesMax = 65_535

    /// Whether a file begins like an archive, an empty one included.
    static func begins(_ bytes: [UInt8]) -> Bool {
        bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) || bytes.starts(with: [0x50, 0x4B, 0x05, 0x06])
    }

    /// The members to import, in the order of their names: those that end in `.csv`, or the only one there is.
    ///
    /// Throws for an archive that is cut off or damaged, and for members that cannot be unpacked here.
    static func members(
        of descriptor: Int32, byteCount: Int, path: String
    ) throws(MarketDataError) -> [Member] {
        let entries = try entries(of: descriptor, byteCount: byteCount, path: path).filter {
            !$0.member.name.hasSuffix("/") && !$0.member.name.hasPrefix("__MACOSX/")
        }
        let tables = entries.filter { $0.member.name.lowercased().hasSuffix(".csv") }
        guard let wanted = tables.isEmpty && entries.count == 1 ? entries : tables.isEmpty ? nil : tables
        else {
            let names = entries.prefix(5).map { CSVText.shown($0.member.name) }.joined(separator: ", ")
            throw MarketDataError(
                .unknownLayout,
                "\(path) has no file that ends in .csv; it holds \(entries.isEmpty ? "nothing" : names)"
                    + (entries.count > 5 ? " and \(entries.count - 5) more" : ""))
        }
        for entry in wanted {
            let name = "\(path): \(CSVText.shown(entry.member.name))"
            guard !entry.isEncrypted else {
                throw MarketDataError(
                    .unknownLayout, "\(name) is encrypted; unpack it with its password first: unzip \(path)")
            }
            guard entry.method == 0 || entry.method == 8 else {
                throw MarketDataError(
                    .unknownLayout,
                    "\(name) is compressed by method \(entry.method); only stored and deflated files are read,"
                        + " unpack it first: unzip \(path)")
            }
        }
        return wanted.map(\.member).sorted { $0.name < $1.name }
    }

    /// Where a member's packed bytes lie in the archive.
    static func range(
        of member: Member, in descriptor: Int32, byteCount: Int, path: String
    ) throws(MarketDataError) -> Range<Int> {
        let damaged = MarketDataError(
            .damaged,
            "\(path): \(CSVText.shown(member.name)) is not where the archive's directory says; copy it again")
        guard member.headerOffset + localByteCount <= byteCount else { throw damaged }
        let bytes = try read(member.headerOffset, localByteCount, descriptor, path)
        guard bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) else { throw damaged }
        let begin = member.headerOffset + localByteCount + number(bytes, 26, 2) + number(bytes, 28, 2)
        guard begin + member.packedByteCount <= byteCount else { throw damaged }
        return begin..<begin + member.packedByteCount
    }
}

// MARK: - Directory

extension ZipArchive {
    private static func entries(
        of descriptor: Int32, byteCount: Int, path: String
    ) throws(MarketDataError) -> [Entry] {
        let (count, range) = try directory(of: descriptor, byteCount: byteCount, path: path)
        guard count <= Limits.zipMembersMax, range.count <= Limits.zipDirectoryBytesMax else {
            throw MarketDataError(
                .limitExceeded, "\(path) lists \(count) files; at most \(Limits.zipMembersMax) are read")
        }
        let bytes = try read(range.lowerBound, range.count, descriptor, path)
        var entries: [Entry] = []
        var offset = 0
        for _ in 0..<count {
            guard offset + entryByteCount <= bytes.count, number(bytes, offset, 4) == 0x0201_4B50 else {
                throw damagedDirectory(path)
            }
            let lengths = (number(bytes, offset + 28, 2), number(bytes, offset + 30, 2))
            let next = offset + entryByteCount + lengths.0 + lengths.1 + number(bytes, offset + 32, 2)
            guard next <= bytes.count, let entry = entry(bytes, offset, lengths.0, lengths.1) else {
                throw damagedDirectory(path)
            }
            entries.append(entry)
            offset = next
        }
        return entries
    }

    private static func entry(_ bytes: [UInt8], _ offset: Int, _ nameCount: Int, _ extraCount: Int) -> Entry?
    {
        let nameBegin = offset + entryByteCount
        let extra = Array(bytes[nameBegin + nameCount..<nameBegin + nameCount + extraCount])
        var values = [
            number(bytes, offset + 24, 4), number(bytes, offset + 20, 4), number(bytes, offset + 42, 4),
        ]
        guard widen(&values, from: extra), values.allSatisfy({ $0 >= 0 && $0 < 1 << 48 }) else { return nil }
        let name = String(decoding: bytes[nameBegin..<nameBegin + nameCount], as: UTF8.self)
        let method = number(bytes, offset + 10, 2)
        let member = Member(
            name: name, isDeflated: method == 8, checksum: UInt32(number(bytes, offset + 16, 4)),
            packedByteCount: values[1], byteCount: values[0], headerOffset: values[2])
        return Entry(member: member, method: method, isEncrypted: number(bytes, offset + 8, 2) & 1 != 0)
    }

    /// Takes numbers of 64 bits, for those that 32 do not hold, from the extra field 1; `false` when one is missing.
    private static func widen(_ values: inout [Int], from extra: [UInt8]) -> Bool {
        guard values.contains(0xFFFF_FFFF) else { return true }
        var offset = 0
        while offset + 4 <= extra.count {
            let end = offset + 4 + number(extra, offset + 2, 2)
            guard end <= extra.count else { return false }
            if number(extra, offset, 2) == 1 {
                var place = offset + 4
                for index in values.indices where values[index] == 0xFFFF_FFFF {
                    guard place + 8 <= end else { return false }
                    values[index] = number(extra, place, 8)
                    place += 8
                }
                return true
            }
            offset = end
        }
        return false
    }

    /// The number of entries and where they lie.
    private static func directory(
        of descriptor: Int32, byteCount: Int, path: String
    ) throws(MarketDataError) -> (count: Int, range: Range<Int>) {
        let tailCount = min(byteCount, endByteCount + commentBytesMax)
        let tail = try read(byteCount - tailCount, tailCount, descriptor, path)
        var place = tailCount - endByteCount
        while place >= 0, !isEnd(tail, place) { place -= 1 }
        guard place >= 0 else {
            throw MarketDataError(
                .damaged, "\(path) is a zip archive without its end; it was cut off, copy it again")
        }
        guard number(tail, place + 4, 2) == 0 || number(tail, place + 4, 2) == 0xFFFF else {
            throw MarketDataError(.unknownLayout, "\(path) is one part of a split zip archive; join it first")
        }
        var values = [number(tail, place + 10, 2), number(tail, place + 12, 4), number(tail, place + 16, 4)]
        let end = byteCount - tailCount + place
        if values[0] == 0xFFFF || values[1] == 0xFFFF_FFFF || values[2] == 0xFFFF_FFFF {
            guard end >= locatorByteCount else { throw damagedDirectory(path) }
            let locator = try read(end - locatorByteCount, locatorByteCount, descriptor, path)
            let offset = number(locator, 8, 8)
            guard number(locator, 0, 4) == 0x0706_4B50, offset >= 0, offset <= end - end64ByteCount else {
                throw damagedDirectory(path)
            }
            let wide = try read(offset, end64ByteCount, descriptor, path)
            guard number(wide, 0, 4) == 0x0606_4B50 else { throw damagedDirectory(path) }
            values = [number(wide, 32, 8), number(wide, 40, 8), number(wide, 48, 8)]
        }
        guard values.allSatisfy({ $0 >= 0 && $0 <= end }), values[2] + values[1] <= end else {
            throw damagedDirectory(path)
        }
        return (values[0], values[2]..<values[2] + values[1])
    }

    /// Whether the end record is there: its comment ends with the file.
    private static func isEnd(_ tail: [UInt8], _ place: Int) -> Bool {
        number(tail, place, 4) == 0x0605_4B50
            && place + endByteCount + number(tail, place + 20, 2) == tail.count
    }

    private static func damagedDirectory(_ path: String) -> MarketDataError {
        MarketDataError(.damaged, "\(path) is a zip archive whose directory is damaged; copy it again")
    }

    private static func read(
        _ offset: Int, _ count: Int, _ descriptor: Int32, _ path: String
    ) throws(MarketDataError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        try bytes.withUnsafeMutableBufferPointer { buffer throws(MarketDataError) in
            try Syscall.read(
                into: UnsafeMutableRawBufferPointer(buffer), from: descriptor, at: offset, path: path)
        }
        return bytes
    }

    /// A little-endian number; one of 64 bits whose highest bit is set is below zero.
    private static func number(_ bytes: [UInt8], _ offset: Int, _ byteCount: Int) -> Int {
        var value: UInt64 = 0
        for index in 0..<byteCount { value |= UInt64(bytes[offset + index]) << UInt64(8 * index) }
        return Int(Int64(bitPattern: value))
    }
}

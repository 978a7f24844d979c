#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Splits lines at their delimiters, without copying or allocating; of a buffer, or handed in one by one.
struct CSVLineScanner: ~Copyable {
    /// The byte between cells.
    let delimiter: UInt8
    /// The number of the present line, from 1.
    private(set) var lineNumber = 0
    /// Cells of the present line.
    private(set) var cellCount = 0
    /// Where the next line begins.
    private(set) var offset: Int
    /// Why the present line cannot be split; `nil` when it was.
    private(set) var problem: String?

    private var start: UnsafePointer<UInt8>
    private var byteCount: Int
    /// Begin and end of every cell, as offsets.
    private let bounds: UnsafeMutablePointer<(begin: Int, end: Int)>
    private let pattern: UInt64

    /// Begins at `offset` of the bytes, which must outlive the scanner.
    init(_ bytes: UnsafeBufferPointer<UInt8>, delimiter: UInt8, offset: Int = 0) {
        bounds = .allocate(capacity: Limits.csvColumnsMax)
        // Without bytes, the address only has to be one: nothing is read there.
        start =
            bytes.baseAddress ?? UnsafePointer(UnsafeRawPointer(bounds).assumingMemoryBound(to: UInt8.self))
        byteCount = bytes.count
        self.delimiter = delimiter
        self.offset = offset
        pattern = UInt64(delimiter) &* 0x0101_0101_0101_0101
    }

    deinit { bounds.deallocate() }

    /// The bytes of a cell of the present line, quotes taken off.
    @inline(__always) func cell(_ index: Int) -> UnsafeBufferPointer<UInt8> {
        precondition(index < cellCount, "no such cell")
        let (begin, end) = bounds[index]
        return UnsafeBufferPointer(start: start + begin, count: end - begin)
    }

    /// The bytes from the begin of one cell to the end of a later one, with what is between.
    func cells(_ first: Int, through last: Int) -> UnsafeBufferPointer<UInt8> {
        precondition(first <= last && last < cellCount, "no such cells")
        return UnsafeBufferPointer(
            start: start + bounds[first].begin, count: bounds[last].end - bounds[first].begin)
    }

    /// Goes to the next line that is not empty; `false` at the end.
    mutating func next() -> Bool {
        while offset < byteCount {
            let begin = offset
            var end = byteCount
            if let newline = memchr(start + begin, 0x0A, byteCount - begin) {
                end = UnsafeRawPointer(newline) - UnsafeRawPointer(start)
            }
            offset = end + 1
            lineNumber += 1
            if end > begin, start[end - 1] == 0x0D { end -= 1 }
            guard end > begin else { continue }
            splitChecked(begin, end)
            return true
        }
        return false
    }

    /// Splits one line, given without its line end; its bytes must stay as long as its cells are used.
    mutating func load(_ line: UnsafeBufferPointer<UInt8>, number: Int) {
        guard let address = line.baseAddress else { return }
        start = address
        byteCount = line.count
        offset = line.count
        lineNumber = number
        var end = line.count
        if end > 0, start[end - 1] == 0x0D { end -= 1 }
        splitChecked(0, end)
    }

    private mutating func splitChecked(_ begin: Int, _ end: Int) {
        cellCount = 0
        if problem != nil { problem = nil }
        if end - begin > Limits.csvLineBytesMax {
            problem = "the line is longer than \(Limits.csvLineBytesMax) bytes"
        } else {
            split(begin, end)
        }
    }

    /// Splits eight bytes at a time; a quote anywhere takes the slow way.
    @inline(__always)
    private mutating func split(_ lineBegin: Int, _ lineEnd: Int) {
        var cellBegin = lineBegin
        var position = lineBegin
        while position < lineEnd {
            var word: UInt64 = 0
            let remaining = lineEnd - position
            if position + 8 <= byteCount {
                word = UInt64(
                    littleEndian: UnsafeRawPointer(start + position).loadUnaligned(as: UInt64.self))
            } else {
                for index in 0..<remaining { word |= UInt64(start[position + index]) << UInt64(8 * index) }
            }
            let mask = remaining >= 8 ? UInt64.max : (1 << UInt64(8 * remaining)) &- 1
            if Self.matches(word, 0x2222_2222_2222_2222) & mask != 0 {
                return splitQuoted(lineBegin, lineEnd)
            }
            var found = Self.matches(word, pattern) & mask
            while found != 0 {
                let end = position + found.trailingZeroBitCount >> 3
                guard add(cellBegin, end) else { return }
                cellBegin = end + 1
                found &= found &- 1
            }
            position += 8
        }
        _ = add(cellBegin, lineEnd)
    }

    /// The high bit of every byte of `word` that equals the one repeated in `pattern`; exact, without false
    /// matches.
    @inline(__always)
    private static func matches(_ word: UInt64, _ pattern: UInt64) -> UInt64 {
        let low: UInt64 = 0x7F7F_7F7F_7F7F_7F7F
        let difference = word ^ pattern
        return ~(((difference & low) &+ low) | difference | low)
    }

    @inline(__always)
    private mutating func add(_ begin: Int, _ end: Int) -> Bool {
        guard cellCount < Limits.csvColumnsMax else {
            problem = "the line has over \(Limits.csvColumnsMax) columns"
            return false
        }
        bounds[cellCount] = (begin, end)
        cellCount += 1
        return true
    }

    /// Cells may be enclosed in quotes as a whole; quotes inside a cell are refused, no market data has them.
    @inline(never)
    private mutating func splitQuoted(_ lineBegin: Int, _ lineEnd: Int) {
        cellCount = 0
        var position = lineBegin
        while true {
            var begin = position
            var end: Int
            if position < lineEnd, start[position] == 0x22 {
                begin += 1
                position += 1
                while position < lineEnd, start[position] != 0x22 { position += 1 }
                end = position
                position += 1
                guard position <= lineEnd, position == lineEnd || start[position] == delimiter else {
                    problem = "a quoted cell is not closed or holds quotes"
                    return
                }
            } else {
                while position < lineEnd, start[position] != delimiter { position += 1 }
                end = position
                if (begin..<end).contains(where: { start[$0] == 0x22 }) {
                    problem = "a quote stands inside a cell"
                    return
                }
            }
            guard add(begin, end) else { return }
            guard position < lineEnd else { return }
            position += 1
        }
    }
}

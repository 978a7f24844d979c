/// Reading decimal digits eight bytes at a time; every function may read eight bytes from its address.
enum CSVDigits {
    @inline(__always)
    static func word(_ address: UnsafePointer<UInt8>) -> UInt64 {
        UInt64(littleEndian: UnsafeRawPointer(address).loadUnaligned(as: UInt64.self))
    }

    /// How many of the word's bytes are digits before the first that is none, 0 to 8.
    @inline(__always)
    static func count(_ word: UInt64) -> Int {
        let digits = word ^ 0x3030_3030_3030_3030
        // A byte above 9 gets its high bit set; a carry can only reach bytes behind the first such one.
        let others = ((digits &+ 0x7676_7676_7676_7676) | digits) & 0x8080_8080_8080_8080
        return others.trailingZeroBitCount &>> 3
    }

    /// The number that the first `count` bytes, 1 to 8, all digits, stand for.
    @inline(__always)
    static func value(_ word: UInt64, _ count: Int) -> Int64 {
        // Moved to the end, so that zeros stand before.
        value(digitsAtEnd: word &<< UInt64(truncatingIfNeeded: 64 &- 8 &* count))
    }

    /// The number that the last bytes, all digits, stand for; the bytes before them are zero bytes.
    @inline(__always)
    static func value(digitsAtEnd word: UInt64) -> Int64 {
        let digits = word & 0x0F0F_0F0F_0F0F_0F0F
        // Neighbours are joined to numbers of two, four and eight digits; none overflows its part.
        let pairs = (digits &* 10 &+ digits &>> 8) & 0x00FF_00FF_00FF_00FF
        let quads = (pairs &* 100 &+ pairs &>> 16) & 0x0000_FFFF_0000_FFFF
        return Int64(truncatingIfNeeded: (quads &* 10_000 &+ quads &>> 32) & 0xFFFF_FFFF)
    }

    /// The high bit of the first byte that equals the one repeated in `pattern`; bits behind it mean nothing.
    @inline(__always)
    static func match(_ word: UInt64, _ pattern: UInt64) -> UInt64 {
        let difference = word ^ pattern
        return (difference &- 0x0101_0101_0101_0101) & ~difference & 0x8080_8080_8080_8080
    }

    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 <= 9 }
}

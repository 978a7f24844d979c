/// How a decimal of at most eight bytes is written: so many digits, perhaps a mark and so many decimals. Everything
/// that depends on these numbers is known before a cell is read.
struct CSVDecimalForm {
    let byteCount: Int
    let decimals: Int
    /// A zero for every digit and the mark in its place.
    private let pattern: UInt64
    /// Added to what differs from the pattern, it sets the high bit of each byte that is neither digit nor mark.
    private let addend: UInt64
    private let highBits: UInt64
    private let shift: UInt64
    /// The bytes of the digits before and behind the mark once the former are moved over it.
    private let wholeMask: UInt64, fractionMask: UInt64
    private let scale: Int64

    /// - Parameters:
    ///   - wholeCount: digits before the mark, at least one.
    ///   - fractionCount: digits behind it; 0 without a mark.
    init(wholeCount: Int, fractionCount: Int, mark: UInt8) {
        byteCount = wholeCount + (fractionCount > 0 ? fractionCount + 1 : 0)
        precondition(wholeCount > 0 && byteCount <= 8, "a form is 1 to 8 bytes long")
        decimals = fractionCount
        var pattern: UInt64 = 0
        var addend: UInt64 = 0
        for index in 0..<byteCount {
            let isMark = fractionCount > 0 && index == wholeCount
            pattern |= UInt64(isMark ? mark : 0x30) << UInt64(8 * index)
            addend |= UInt64(isMark ? 0x7F : 0x76) << UInt64(8 * index)
        }
        self.pattern = pattern
        self.addend = addend
        highBits = Self.last(byteCount) >> UInt64(64 - 8 * byteCount) & 0x8080_8080_8080_8080
        shift = UInt64(64 - 8 * byteCount)
        let whole = Self.last(wholeCount + fractionCount)
        fractionMask = fractionCount > 0 ? Self.last(fractionCount) : whole
        wholeMask = whole & ~fractionMask
        scale = CSVNumber.powersOfTen(8 - fractionCount)
    }

    /// The last bytes of a word, 1 to 8.
    private static func last(_ count: Int) -> UInt64 { UInt64.max << UInt64(64 - 8 * count) }

    /// Whether a word begins with a decimal of this form. Bytes behind it are not looked at.
    @inline(__always)
    func matches(_ word: UInt64) -> Bool {
        let difference = word ^ pattern
        // A byte that fits carries nothing into the next one, and one that does not shows, whatever comes behind it.
        return ((difference &+ addend) | difference) & highBits == 0
    }

    /// The value in units of 10^-8 of a word that matches; at most eight digits times 10^8.
    @inline(__always)
    func value(_ word: UInt64) -> Int64 {
        let atEnd = word &<< shift
        return CSVDigits.value(digitsAtEnd: (atEnd & fractionMask) | ((atEnd &<< 8) & wholeMask)) &* scale
    }
}

/// All forms of decimals with one mark.
final class CSVDecimalForms {
    private let start: UnsafeMutablePointer<CSVDecimalForm>
    private static let byteCountMax = 8

    init(mark: UInt8) {
        start = .allocate(capacity: (Self.byteCountMax + 1) * Self.byteCountMax)
        let other = CSVDecimalForm(wholeCount: 1, fractionCount: 0, mark: mark)
        for whole in 0...Self.byteCountMax {
            for fraction in 0..<Self.byteCountMax {
                let isThere = Self.has(whole, fraction)
                (start + (whole * Self.byteCountMax + fraction)).initialize(
                    to: isThere
                        ? CSVDecimalForm(wholeCount: whole, fractionCount: fraction, mark: mark) : other)
            }
        }
    }

    deinit { start.deallocate() }

    /// One digit.
    var first: UnsafePointer<CSVDecimalForm> { UnsafePointer(start + Self.byteCountMax) }

    /// A form; `nil` for one of more than eight bytes.
    @inline(__always)
    func form(wholeCount: Int, fractionCount: Int) -> UnsafePointer<CSVDecimalForm>? {
        guard Self.has(wholeCount, fractionCount) else { return nil }
        return UnsafePointer(start + (wholeCount &* Self.byteCountMax &+ fractionCount))
    }

    private static func has(_ whole: Int, _ fraction: Int) -> Bool {
        whole >= 1 && (fraction == 0 ? whole <= byteCountMax : whole &+ 1 &+ fraction <= byteCountMax)
    }
}

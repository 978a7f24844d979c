/// Texts of a file as they are shown to a person: what a terminal would take for a command is written out.
enum CSVText {
    /// The first bytes of a cell.
    static func shown(_ cell: UnsafeBufferPointer<UInt8>, byteCountMax: Int = 40) -> String {
        shown(String(decoding: cell.prefix(byteCountMax), as: UTF8.self))
    }

    /// `1 cell`, `2 cells`.
    static func cells(_ count: Int) -> String { count == 1 ? "1 cell" : "\(count) cells" }

    /// A text with control characters as `\x1B`, and no longer than a line should be.
    static func shown(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars.prefix(200) {
            if scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) {
                let digits = String(scalar.value, radix: 16, uppercase: true)
                result += "\\x" + (digits.utf8.count < 2 ? "0" : "") + digits
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

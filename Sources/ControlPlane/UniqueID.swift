/// Makes a random UUID (version 4) as lowercase text, such as `0f8fad5b-d9cb-469f-a165-70867728950e`.
package func makeUUID() -> String {
    var generator = SystemRandomNumberGenerator()
    let high = generator.next() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
    let low = generator.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
    let digits = Array((hexadecimal(high) + hexadecimal(low)).utf8)
    var text: [UInt8] = []
    for (index, digit) in digits.enumerated() {
        if [8, 12, 16, 20].contains(index) { text.append(0x2D) }
        text.append(digit)
    }
    return String(decoding: text, as: UTF8.self)
}

/// Sixteen lowercase hexadecimal digits.
func hexadecimal(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.utf8.count) + digits
}

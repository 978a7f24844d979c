/// A picture of 8-bit RGB pixels that writes itself as PNG, uncompressed inside (stored deflate blocks).
///
/// Layout: W3C "Portable Network Graphics", section 5; zlib (RFC 1950) and stored blocks (RFC 1951, 3.2.4).
package struct PNGImage {
    /// A colour.
    package struct Color: Equatable, Sendable {
        var red: UInt8, green: UInt8, blue: UInt8

        package init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) {
            (self.red, self.green, self.blue) = (red, green, blue)
        }
    }

    package let width: Int, height: Int
    private var pixels: [UInt8]

    /// A picture of one colour; traps unless both sides are 1 to 10,000.
    package init(width: Int, height: Int, background: Color) {
        precondition((1...10_000).contains(width) && (1...10_000).contains(height), "sides of 1 to 10,000")
        self.width = width
        self.height = height
        pixels = []
        pixels.reserveCapacity(width * height * 3)
        for _ in 0..<width * height { pixels += [background.red, background.green, background.blue] }
    }

    /// Sets a pixel, counted from the upper left corner; outside the picture nothing happens.
    package mutating func set(_ x: Int, _ y: Int, _ color: Color) {
        guard x >= 0, x < width, y >= 0, y < height else { return }
        let index = (y * width + x) * 3
        pixels[index] = color.red
        pixels[index + 1] = color.green
        pixels[index + 2] = color.blue
    }

    /// Draws an upright line.
    package mutating func column(_ x: Int, from top: Int, through bottom: Int, _ color: Color) {
        for y in max(0, min(top, bottom))...max(0, max(top, bottom)) { set(x, y, color) }
    }

    /// The file's bytes.
    package func encoded() -> [UInt8] {
        var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        let header = Self.bigEndian(UInt32(width)) + Self.bigEndian(UInt32(height)) + [8, 2, 0, 0, 0]
        file += Self.chunk("IHDR", header)
        file += Self.chunk("IDAT", zlib())
        file += Self.chunk("IEND", [])
        return file
    }

    private func zlib() -> [UInt8] {
        var rows: [UInt8] = []
        rows.reserveCapacity(pixels.count + height)
        for y in 0..<height {
            rows.append(0)  // No filter.
            rows += pixels[y * width * 3..<(y + 1) * width * 3]
        }
        var stream: [UInt8] = [0x78, 0x01]
        var offset = 0
        repeat {
            let count = min(65_535, rows.count - offset)
            let isLast: UInt8 = offset + count == rows.count ? 1 : 0
            let size = UInt16(count)
            stream += [isLast, UInt8(size & 0xFF), UInt8(size >> 8), UInt8(~size & 0xFF), UInt8(~size >> 8)]
            stream += rows[offset..<offset + count]
            offset += count
        } while offset < rows.count
        var (low, high): (UInt32, UInt32) = (1, 0)
        for byte in rows {
            low = (low + UInt32(byte)) % 65_521
            high = (high + low) % 65_521
        }
        return stream + Self.bigEndian(high << 16 | low)
    }

    private static func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
        let body = Array(type.utf8) + data
        return bigEndian(UInt32(data.count)) + body + bigEndian(crc32(body))
    }

    private static func bigEndian(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(24 - 8 * $0)) }
    }

    /// CRC-32 of ISO 3309, polynomial 0xEDB88320 reflected.
    static func crc32(_ bytes: [UInt8]) -> UInt32 {
        var table: [UInt32] = []
        for index: UInt32 in 0..<256 {
            var value = index
            for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
            table.append(value)
        }
        var crc = UInt32.max
        for byte in bytes { crc = crc >> 8 ^ table[Int((crc ^ UInt32(byte)) & 0xFF)] }
        return ~crc
    }
}

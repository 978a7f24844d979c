/// Appends little-endian values to a byte array.
package struct ByteWriter {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package mutating func append(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    package mutating func append(contentsOf other: some Sequence<UInt8>) { bytes.append(contentsOf: other) }

    /// A u32 byte count, then UTF-8.
    package mutating func append(_ text: String) {
        append(UInt32(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    package mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    /// Overwrites four bytes that were appended before.
    package mutating func patch(_ value: UInt32, at offset: Int) {
        withUnsafeBytes(of: value.littleEndian) { source in
            for index in 0..<4 { bytes[offset + index] = source[index] }
        }
    }
}

/// Reads little-endian values from the front of a byte buffer; every read fails with `nil` past the end.
package struct ByteReader {
    private let bytes: UnsafeRawBufferPointer
    package private(set) var offset = 0

    /// The buffer must outlive the reader.
    package init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    package var remainingCount: Int { bytes.count - offset }

    package mutating func read<T: FixedWidthInteger>(_: T.Type = T.self) -> T? {
        guard remainingCount >= MemoryLayout<T>.size else { return nil }
        defer { offset += MemoryLayout<T>.size }
        return T(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: T.self))
    }

    package mutating func read(byteCount: Int) -> [UInt8]? {
        guard byteCount >= 0, remainingCount >= byteCount else { return nil }
        defer { offset += byteCount }
        return Array(bytes[offset..<offset + byteCount])
    }

    /// A u32 byte count, then UTF-8; `nil` when it is not valid UTF-8.
    package mutating func readText() -> String? {
        guard let count = read(UInt32.self), let content = read(byteCount: Int(count)) else { return nil }
        return String(validating: content, as: UTF8.self)
    }
}

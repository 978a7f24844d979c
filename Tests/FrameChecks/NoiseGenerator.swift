import MessageBus
import TradingModel

/// Seeded byte strings that a broken or hostile peer could send, from plain noise to nearly right frames.
package struct NoiseGenerator {
    private var generator: SeededGenerator
    private let examples: [[UInt8]]

    /// The same seed and examples give the same strings.
    ///
    /// - Parameter examples: right frames that some strings are made from; not empty.
    package init(seed: UInt64, examples: [[UInt8]]) {
        generator = SeededGenerator(seed: seed)
        self.examples = examples
    }

    /// A number below a bound.
    package mutating func number(below bound: Int) -> Int { Int(generator.next() % UInt64(bound)) }

    /// Puts the next string into the array, which keeps its memory.
    package mutating func next(into bytes: inout [UInt8]) {
        bytes.removeAll(keepingCapacity: true)
        switch number(below: 4) {
        case 0: appendNoise(to: &bytes, count: number(below: 65))
        case 1: appendFrameOfNoise(to: &bytes)
        case 2:
            bytes.append(contentsOf: examples[number(below: examples.count)])
            damage(&bytes)
        default:
            for _ in 0...number(below: 3) {
                bytes.append(contentsOf: examples[number(below: examples.count)])
            }
            damage(&bytes)
        }
    }

    /// Puts an example with little damage into the array.
    package mutating func nextDamaged(_ index: Int, into bytes: inout [UInt8]) {
        bytes.removeAll(keepingCapacity: true)
        bytes.append(contentsOf: examples[index])
        damage(&bytes)
    }

    private mutating func appendNoise(to bytes: inout [UInt8], count: Int) {
        var word: UInt64 = 0
        for index in 0..<count {
            if index % 8 == 0 { word = generator.next() }
            bytes.append(UInt8(truncatingIfNeeded: word))
            word >>= 8
        }
    }

    /// A right header before noise, with more or fewer bytes than it says.
    private mutating func appendFrameOfNoise(to bytes: inout [UInt8]) {
        let count = number(below: 65)
        let claimed = number(below: 4) == 0 ? number(below: Limits.framePayloadBytesMax + 2) : count
        let type = FrameType.allCases[number(below: FrameType.allCases.count)]
        withUnsafeBytes(of: FrameHeader(type: type, payloadByteCount: claimed).encoded.littleEndian) {
            bytes.append(contentsOf: $0)
        }
        appendNoise(to: &bytes, count: count)
    }

    /// Flips bits, cuts the end off, cuts something out, or sets a byte to one that is a bound somewhere.
    private mutating func damage(_ bytes: inout [UInt8]) {
        for _ in 0...number(below: 3) where !bytes.isEmpty {
            let index = number(below: bytes.count)
            switch number(below: 5) {
            case 0, 1: bytes[index] ^= 1 << number(below: 8)
            case 2: bytes[index] = [0, 1, 0x7F, 0x80, 0xFF][number(below: 5)]
            case 3: bytes.removeSubrange(index...)
            default: bytes.removeSubrange(index..<min(bytes.count, index + 1 + number(below: 8)))
            }
        }
    }
}

import Testing
import TradingModel

@testable import MarketData

@Suite struct BlockChecksumTests {
    @Test(arguments: [0, 8, 64, 65_408, 65_472, 65_536])
    func equalsCRC32COfTheSameBytes(byteCount: Int) {
        var generator = SeededGenerator(seed: 41)
        for previous: UInt32 in [0, 1, 0xE306_9283] {
            let bytes = (0..<byteCount).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
            bytes.withUnsafeBytes { bytes in
                let expected = CRC32C.checksum(bytes, previous: previous)
                #expect(BlockChecksum.checksum(bytes, previous: previous) == expected)
            }
        }
    }
}

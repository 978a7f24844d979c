import Dispatch
import FrameChecks
import MessageBus
import Synchronization
import Testing

/// A million seeded byte strings through the decoder and every payload parser.
@Suite(.timeLimit(.minutes(2))) struct RandomBytesTests {
    private static let seed: UInt64 = 20_261_125
    private static let partCount = 8
    private static let stringsPerPart = 125_000

    /// What came of one part.
    private struct Part {
        var frameCount = 0
        var failureCount = 0
        var unfinishedCount = 0
        var documentCount = 0
        var violations: [String] = []
    }

    @Test func aMillionStringsBreakNoRuleOfDecoderAndParsers() {
        let parts = Mutex([Part]())
        DispatchQueue.concurrentPerform(iterations: Self.partCount) { index in
            let part = Self.run(seed: Self.seed + UInt64(index))
            parts.withLock { $0.append(part) }
        }
        let all = parts.withLock { $0 }
        #expect(all.flatMap(\.violations).isEmpty, "\(all.flatMap(\.violations).prefix(5))")
        // The strings are neither all right nor all wrong.
        let total = Self.partCount * Self.stringsPerPart
        #expect(all.reduce(0) { $0 + $1.frameCount } > total / 4)
        #expect(all.reduce(0) { $0 + $1.failureCount } > total / 10)
        #expect(all.reduce(0) { $0 + $1.unfinishedCount } > total / 10)
        #expect(all.reduce(0) { $0 + $1.documentCount } > 500)
    }

    private static func run(seed: UInt64) -> Part {
        let examples = ProtocolPage.examples.sorted { $0.key < $1.key }.map(\.value)
        var streams = NoiseGenerator(seed: seed, examples: examples)
        var documents = NoiseGenerator(seed: seed, examples: PayloadChecks.examples)
        var part = Part()
        var bytes: [UInt8] = []
        for number in 0..<stringsPerPart {
            streams.next(into: &bytes)
            // Now and then every place, else one or none.
            let splits: [Int] =
                if number.isMultiple(of: 512) { Array(1...max(1, bytes.count)) } else {
                    number.isMultiple(of: 4) ? [streams.number(below: 64)] : []
                }
            do {
                let outcome = try bytes.withUnsafeBytes { try FrameChecks.check($0, splits: splits) }
                part.frameCount += outcome.frameCount
                if outcome.failure != nil { part.failureCount += 1 }
                if outcome.pendingByteCount > 0 { part.unfinishedCount += 1 }
                guard number.isMultiple(of: 64) else { continue }
                let index = documents.number(below: PayloadChecks.types.count)
                documents.nextDamaged(index, into: &bytes)
                let type = PayloadChecks.types[index]
                let isRead = try bytes.withUnsafeBytes { try PayloadChecks.check($0, as: type) }
                if isRead { part.documentCount += 1 }
            } catch {
                part.violations.append("seed \(seed), string \(number): \(error); \(bytes)")
            }
        }
        return part
    }

    @Test func memoryFollowsTheBytesReceivedAndNotTheLengthClaimed() throws {
        let decoder = FrameDecoder()
        let total = FrameHeader.byteCount + Limits.framePayloadBytesMax
        var stream = [UInt8](repeating: 1, count: total)
        withUnsafeBytes(
            of: FrameHeader(type: .publish, payloadByteCount: Limits.framePayloadBytesMax).encoded
                .littleEndian
        ) { stream.replaceSubrange(0..<8, with: $0) }
        var received = 0
        var frameCount = 0
        try stream.withUnsafeBytes { bytes in
            for start in stride(from: 0, to: total, by: 1_000) {
                var piece = UnsafeRawBufferPointer(rebasing: bytes[start..<min(total, start + 1_000)])
                received += piece.count
                while try decoder.next(from: &piece) != nil { frameCount += 1 }
                #expect(decoder.reservedByteCount <= max(4_096, 2 * received), "after \(received) bytes")
                #expect(decoder.reservedByteCount <= total)
            }
        }
        #expect(frameCount == 1)
        #expect(decoder.reservedByteCount == 4_096, "a long frame's memory is let go behind it")
    }
}

import MessageBus
import NIOCore
import Testing
import TradingModel

@Suite struct FrameDecoderTests {
    /// A stream of frames of several kinds and lengths.
    private static let stream: ByteBuffer = {
        var buffer = ByteBuffer()
        buffer.writeHello(Hello(role: .feed, processID: 1, identity: "sim", token: []))
        buffer.writeTopicFrame(.publish, topic: "strategy:health", content: [1, 2, 3])
        quotes(4, count: 3).withUnsafeBufferPointer { buffer.writeRecords($0, source: 1, isLossless: false) }
        buffer.writePing(.ping, echo: [])
        buffer.writeReason(.goodbye, BusError(.closed, "end"))
        return buffer
    }()

    private struct Decoded: Equatable {
        var type: FrameType
        var bytes: [UInt8]
    }

    /// Feeds pieces, each in memory of its own, and returns the frames.
    private func decode(_ pieces: [[UInt8]], with decoder: FrameDecoder = FrameDecoder()) throws -> [Decoded]
    {
        var frames: [Decoded] = []
        for piece in pieces {
            try piece.withUnsafeBytes { bytes in
                var input = bytes
                while let frame = try decoder.next(from: &input) {
                    frames.append(Decoded(type: frame.header.type, bytes: Array(frame.bytes)))
                }
                #expect(input.isEmpty)
            }
        }
        return frames
    }

    private var bytes: [UInt8] { Array(Self.stream.readableBytesView) }

    @Test func wholeStreamGivesAllFrames() throws {
        let frames = try decode([bytes])
        #expect(frames.map(\.type) == [.hello, .publish, .records, .ping, .goodbye])
        #expect(frames.flatMap(\.bytes) == bytes)
    }

    @Test func everySplitPointGivesTheSameFrames() throws {
        let whole = try decode([bytes])
        for split in 0...bytes.count {
            #expect(
                try decode([Array(bytes[..<split]), Array(bytes[split...])]) == whole, "split at \(split)")
        }
        #expect(try decode(bytes.map { [$0] }) == whole)
    }

    @Test func everyTruncationGivesTheWholeFramesBeforeIt() throws {
        let whole = try decode([bytes])
        var ends: [Int] = []
        for frame in whole { ends.append((ends.last ?? 0) + frame.bytes.count) }
        for count in 0..<bytes.count {
            let decoder = FrameDecoder()
            let frames = try decode([Array(bytes[..<count])], with: decoder)
            let complete = ends.filter { $0 <= count }
            #expect(frames == Array(whole.prefix(complete.count)), "cut to \(count)")
            #expect(decoder.pendingByteCount == count - (complete.last ?? 0))
        }
    }

    @Test(
        arguments: [
            ([0, 0, 0, 0x80, 7, 0, 1, 0], .frameTooLarge),
            ([0xFF, 0xFF, 0xFF, 0xFF, 7, 0, 1, 0], .frameTooLarge),
            ([1, 0, 0x10, 0, 7, 0, 1, 0], .frameTooLarge), ([0, 0, 0, 0, 7, 0, 0, 0], .unsupportedVersion),
            ([0, 0, 0, 0, 7, 0, 2, 0], .unsupportedVersion), ([0, 0, 0, 0, 0, 0, 1, 0], .unexpectedFrame),
            ([0, 0, 0, 0, 13, 0, 1, 0], .unexpectedFrame), ([0, 0, 0, 0, 7, 0, 1, 9], .malformedFrame),
        ] as [([UInt8], BusError.Code)])
    func badHeaderFailsWholeOrSplitAndForGood(_ header: [UInt8], _ code: BusError.Code) throws {
        for pieces in [[header], header.map { [$0] }] {
            let decoder = FrameDecoder()
            #expect(try #require(throws: BusError.self) { try decode(pieces, with: decoder) }.code == code)
            #expect(throws: BusError.self) { try decode([bytes], with: decoder) }
            #expect(decoder.pendingByteCount <= FrameHeader.byteCount)
        }
    }

    @Test func largestFrameIsTakenInPieces() throws {
        var buffer = ByteBuffer()
        buffer.writePing(.ping, echo: [UInt8](repeating: 7, count: Limits.framePayloadBytesMax))
        let all = Array(buffer.readableBytesView)
        let pieces = stride(from: 0, to: all.count, by: 65_521).map {
            Array(all[$0..<min(all.count, $0 + 65_521)])
        }
        let frames = try decode(pieces)
        #expect(frames.map(\.bytes) == [all])
    }

    @Test func randomBytesNeverGiveAFrameBeyondTheLimitsOrACrash() throws {
        var generator = SeededGenerator(seed: 7)
        for round in 0..<100_000 {
            var noise = (0..<Int.random(in: 0...48, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            // Most random headers fail at once; let two thirds of them get further.
            if noise.count >= 8, round % 3 > 0 {
                noise[1] = 0
                noise[2] = 0
                noise[3] = 0
                noise[6] = 1
                noise[7] = 0
                if round % 3 == 2 { noise[4] = noise[4] % 12 + 1 }
            }
            do {
                for frame in try decode([noise]) {
                    #expect(frame.bytes.count <= noise.count, "round \(round)")
                }
            } catch {
                #expect(error is BusError, "round \(round)")
            }
        }
    }

    @Test func flippedBitsInAStreamNeverCrashThePayloadParsers() throws {
        var generator = SeededGenerator(seed: 8)
        let original = bytes
        for _ in 0..<20_000 {
            var noise = original
            let bit = Int.random(in: 0..<noise.count * 8, using: &generator)
            noise[bit / 8] ^= 1 << (bit % 8)
            _ = try? decode([noise])
        }
    }
}

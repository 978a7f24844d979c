import Foundation
import MessageBus
import NIOCore
import TradingModel

extension RawSocket {
    /// Sends what the broker still takes; it may have closed already.
    func sendWhatIsTaken(_ bytes: [UInt8]) { try? send(bytes) }

    /// shutdown(2) of the sending side: nothing more will come, and this end goes on reading.
    func finish() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// All frames until the broker ends the stream.
    func framesUntilEnd() throws -> [RawFrame] { try frames { _ in false } }

    /// Whether the broker has ended the stream, or sent something, by now.
    var hasNews: Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, 0) > 0
    }

    /// The header of a frame, whatever follows.
    static func header(_ type: FrameType, claiming payloadByteCount: Int) -> [UInt8] {
        withUnsafeBytes(of: FrameHeader(type: type, payloadByteCount: payloadByteCount).encoded.littleEndian)
        {
            Array($0)
        }
    }
}

extension [BusEvent] {
    /// The sequence of the newest record, found without looking at all of them.
    var lastSequence: UInt64? {
        for event in reversed() {
            if case .records(let records, _) = event { return records.last?.sequence }
        }
        return nil
    }
}

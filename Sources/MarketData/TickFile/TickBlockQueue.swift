import CPlatform
import Dispatch
import Synchronization
import TradingModel

/// Writes full blocks of a new tick file beside the thread that fills them, in pieces of sixteen.
///
/// Whoever makes records does not wait for checksums and the disk; writing in large pieces costs the kernel half of
/// what single blocks do, and what is written is sent on its way to the disk at once, so that the sync at the end finds
/// little left. At most `Limits.writerPiecesMax` pieces wait or are filled; then the filling thread waits. A
/// failure is thrown by the next call. All methods are for one thread.
final class TickBlockQueue {
    static let blocksPerPiece = 16

    /// Memory of sixteen blocks.
    struct Piece: @unchecked Sendable {
        // Sendable: it belongs to the filling thread until `submit` and to the queue until it is free again.
        let start: UnsafeMutableRawPointer

        func block(_ index: Int) -> UnsafeMutableBufferPointer<MarketEvent> {
            UnsafeMutableBufferPointer(
                start: (start + index * TickFileBlock.byteCount).assumingMemoryBound(to: MarketEvent.self),
                count: TickFileBlock.slotCount)
        }
    }

    private struct State {
        var free: [Piece] = []
        var failure: MarketDataError?
    }

    /// What the queue's thread works with.
    private final class Work: Sendable {
        let state = Mutex(State())
        let available = DispatchSemaphore(value: 0)
        let descriptor: Int32
        let path: String

        init(descriptor: Int32, path: String) {
            self.descriptor = descriptor
            self.path = path
        }
    }

    private let queue = DispatchQueue(label: "tick-blocks", qos: .userInitiated)
    private let work: Work
    private var pieces: [Piece] = []
    /// How far the system was told to write.
    private var toldOffset: Int

    /// - Parameter offset: where the blocks begin in the file.
    init(descriptor: Int32, path: String, offset: Int) {
        work = Work(descriptor: descriptor, path: path)
        toldOffset = offset
    }

    deinit {
        queue.sync {}
        for piece in pieces { piece.start.deallocate() }
    }

    /// A piece to be filled; waits for one when all are on their way.
    func take() -> Piece {
        var isFree = work.available.wait(timeout: .now()) == .success
        if !isFree, pieces.count == Limits.writerPiecesMax {
            work.available.wait()
            isFree = true
        }
        guard isFree else {
            let byteCount = Self.blocksPerPiece * TickFileBlock.byteCount
            pieces.append(Piece(start: .allocate(byteCount: byteCount, alignment: 4096)))
            return pieces[pieces.count - 1]
        }
        if let piece = work.state.withLock({ $0.free.popLast() }) { return piece }
        preconditionFailure("a free piece is counted that is not there")
    }

    /// Hands over the first blocks of a piece, all of them full.
    ///
    /// - Parameters:
    ///   - index: the number of the first block.
    ///   - offset: where it goes in the file.
    func submit(_ piece: Piece, blockCount: Int, index: Int, offset: Int) throws(MarketDataError) {
        if let failure = work.state.withLock({ $0.failure }) { throw failure }
        let end = offset + blockCount * TickFileBlock.byteCount
        let told = end - toldOffset >= Limits.writebackBytes ? toldOffset..<end : nil
        toldOffset = told?.upperBound ?? toldOffset
        queue.async { [work] in
            Self.write(piece, blockCount: blockCount, index: index, offset: offset, tell: told, work)
        }
    }

    /// Waits until everything handed over is written.
    func drain() throws(MarketDataError) {
        queue.sync {}
        if let failure = work.state.withLock({ $0.failure }) { throw failure }
    }

    private static func write(
        _ piece: Piece, blockCount: Int, index: Int, offset: Int, tell: Range<Int>?, _ work: Work
    ) {
        var failure = work.state.withLock { $0.failure }
        if failure == nil {
            for number in 0..<blockCount { seal(piece.block(number), index: index + number) }
            let bytes = UnsafeRawBufferPointer(
                start: piece.start, count: blockCount * TickFileBlock.byteCount)
            do throws(MarketDataError) {
                try Syscall.write(bytes, to: work.descriptor, at: offset, path: work.path)
                if let tell {
                    cplatform_start_writeback(
                        work.descriptor, Int64(tell.lowerBound), Int64(tell.count))
                }
            } catch { failure = error }
        }
        work.state.withLock { state in
            state.failure = failure
            state.free.append(piece)
        }
        work.available.signal()
    }

    /// Writes the trailer behind a full block's records.
    private static func seal(_ block: UnsafeMutableBufferPointer<MarketEvent>, index: Int) {
        let checksum = BlockChecksum.checksum(UnsafeRawBufferPointer(block))
        let trailer = TickFileBlock(index: index, records: UnsafeBufferPointer(block), checksum: checksum)
        if let start = UnsafeMutableRawPointer(block.baseAddress) {
            trailer.encode(into: start + TickFileBlock.trailerOffset)
        }
    }
}

import Dispatch
import Synchronization

/// What a feed's reading thread has read and its host has not taken yet: 64 chunks of 1,024 records at most.
///
/// At the bound the thread waits, and so does whoever sends to it: a burst never costs memory.
final class FeedQueue: Sendable {
    private struct State {
        var full: [FeedChunk] = []
        var free: [FeedChunk] = []
        var isWaiting = false
        var isClosed = false
    }

    private let state = Mutex(State())
    private let roomMade = DispatchSemaphore(value: 0)
    private let chunksMax: Int
    private let wake = Mutex<(@Sendable () -> Void)?>(nil)

    init(chunksMax: Int = Limits.socketChunksMax) { self.chunksMax = chunksMax }

    /// Who is told when something is there again.
    func onWake(_ body: @escaping @Sendable () -> Void) { wake.withLock { $0 = body } }

    /// Hands a chunk over and gives an empty one; waits while the queue is full. `nil` once it is closed.
    func push(_ chunk: FeedChunk) -> FeedChunk? {
        var isFirst = false
        while true {
            let next: FeedChunk?? = state.withLock { state in
                if state.isClosed { return .some(nil) }
                guard state.full.count < chunksMax else {
                    state.isWaiting = true
                    return nil
                }
                isFirst = state.full.isEmpty
                state.full.append(chunk)
                return state.free.popLast() ?? FeedChunk()
            }
            if let next {
                if isFirst { wake.withLock { $0 }?() }
                return next
            }
            roomMade.wait()
        }
    }

    /// Takes the oldest chunk; `nil` when there is none.
    func pop() -> FeedChunk? {
        state.withLock { state in
            guard !state.full.isEmpty else { return nil }
            if state.isWaiting {
                state.isWaiting = false
                roomMade.signal()
            }
            return state.full.removeFirst()
        }
    }

    /// Gives an emptied chunk back.
    func recycle(_ chunk: FeedChunk) {
        chunk.removeAll()
        state.withLock { if $0.free.count < chunksMax { $0.free.append(chunk) } }
    }

    /// Ends the reading thread.
    func close() {
        state.withLock { state in
            state.isClosed = true
            if state.isWaiting {
                state.isWaiting = false
                roomMade.signal()
            }
        }
    }

    var isClosed: Bool { state.withLock { $0.isClosed } }
}

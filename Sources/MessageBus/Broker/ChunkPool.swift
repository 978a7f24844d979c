internal import NIOCore

/// Byte buffers of outbound queues, reused last in, first out so that the warm one comes back.
///
/// A buffer may come back while the socket still holds it: taking it then makes new memory, which is correct
/// and rare. Confined to one event loop.
final class ChunkPool {
    private var free: [ByteBuffer] = []

    /// An empty buffer.
    func take(minimumCapacity: Int) -> ByteBuffer {
        guard var buffer = free.popLast() else {
            return ByteBufferAllocator().buffer(capacity: minimumCapacity)
        }
        buffer.clear(minimumCapacity: minimumCapacity)
        return buffer
    }

    /// Takes a buffer back; beyond `Limits.pooledChunksMax` it is let go.
    func give(_ buffer: ByteBuffer) {
        guard free.count < Limits.pooledChunksMax, buffer.capacity <= 2 * Limits.chunkBytes else { return }
        free.append(buffer)
    }
}

@available(*, unavailable)
extension ChunkPool: Sendable {}

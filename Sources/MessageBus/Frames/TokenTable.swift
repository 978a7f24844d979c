/// A hash table in memory of its own from a feed's token to how many of its records went by.
///
/// Open addressing with linear probing; grows at half full; nothing is ever removed but all at once. A look-up
/// allocates nothing and counts no references. Not thread-safe.
final class TokenTable {
    /// What is known of one token of one source.
    struct Entry {
        var token: UInt32
        var source: UInt16
        var isUsed = false
        /// The run of the source that `next` belongs to.
        var run: UInt32 = 0
        /// The ordinal of the record that comes next, modulo 65,536.
        var next: UInt16 = 0
    }

    private var entries: UnsafeMutablePointer<Entry>
    private var capacity: Int
    private var count = 0

    init() {
        capacity = 64
        entries = Self.allocate(capacity)
    }

    deinit { entries.deallocate() }

    /// The entry of a token, made when there is none; valid until the next call.
    func entry(token: UInt32, source: UInt16) -> UnsafeMutablePointer<Entry> {
        let found = find(token, source)
        if found.pointee.isUsed { return found }
        if 2 * (count + 1) > capacity {
            grow()
            return insert(token, source)
        }
        return insert(token, source)
    }

    /// Forgets all tokens.
    func removeAll() {
        count = 0
        entries.update(repeating: Entry(token: 0, source: 0), count: capacity)
    }

    private func insert(_ token: UInt32, _ source: UInt16) -> UnsafeMutablePointer<Entry> {
        let free = find(token, source)
        free.pointee = Entry(token: token, source: source, isUsed: true)
        count += 1
        return free
    }

    /// The entry of a token, or the free one where it belongs. There is always a free one.
    private func find(_ token: UInt32, _ source: UInt16) -> UnsafeMutablePointer<Entry> {
        // The upper half of the product: its low bits know nothing of the high bits of the token.
        let key = UInt64(token) | UInt64(source) << 32
        var index = Int((key &* 0x9E37_79B9_7F4A_7C15) >> 32) & (capacity - 1)
        while true {
            let entry = entries + index
            if !entry.pointee.isUsed || (entry.pointee.token == token && entry.pointee.source == source) {
                return entry
            }
            index = (index + 1) & (capacity - 1)
        }
    }

    private func grow() {
        let old = UnsafeBufferPointer(start: entries, count: capacity)
        capacity *= 2
        entries = Self.allocate(capacity)
        for entry in old where entry.isUsed { find(entry.token, entry.source).pointee = entry }
        old.deallocate()
    }

    private static func allocate(_ capacity: Int) -> UnsafeMutablePointer<Entry> {
        let memory = UnsafeMutablePointer<Entry>.allocate(capacity: capacity)
        memory.initialize(repeating: Entry(token: 0, source: 0), count: capacity)
        return memory
    }
}

@available(*, unavailable)
extension TokenTable: Sendable {}

import TradingModel

/// Finds an instrument's index by its token: open addressing over a power of two at most half full.
///
/// Plain memory, because every record looks something up; not copyable for that reason.
struct InstrumentTable: ~Copyable {
    private struct Slot {
        /// Zero where there is none.
        var key: UInt32
        var index: Int32
    }

    private let slots: UnsafeMutablePointer<Slot>
    private let mask: Int

    /// Takes distinct tokens that are not zero.
    init(_ instruments: [Instrument]) {
        var capacity = 4
        while capacity < instruments.count * 2 { capacity *= 2 }
        slots = .allocate(capacity: capacity)
        slots.initialize(repeating: Slot(key: 0, index: -1), count: capacity)
        mask = capacity - 1
        for (index, instrument) in instruments.enumerated() {
            var slot = Self.hash(instrument.token.rawValue) & mask
            while slots[slot].key != 0 { slot = (slot + 1) & mask }
            slots[slot] = Slot(key: instrument.token.rawValue, index: Int32(index))
        }
    }

    deinit { slots.deallocate() }

    /// The index of a token, or -1.
    func index(of token: InstrumentToken) -> Int {
        // Within the table: `mask` is one less than its power of two.
        var slot = Self.hash(token.rawValue) & mask
        // Ends: the table is at most half full, and empty slots have key 0.
        while true {
            let found = slots[slot]
            if found.key == token.rawValue { return Int(found.index) }
            if found.key == 0 { return -1 }
            slot = (slot + 1) & mask
        }
    }

    /// Multiplicative hashing; the upper half has the well-mixed bits.
    private static func hash(_ key: UInt32) -> Int { Int((UInt64(key) &* 0x9E37_79B9_7F4A_7C15) >> 40) }
}

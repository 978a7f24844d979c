import TradingModel

/// Finds an instrument's index by its token: open addressing over a power of two at most half full.
struct InstrumentTable {
    private var keys: [UInt32]
    private var indices: [Int32]
    private let mask: Int

    /// Takes distinct tokens that are not zero.
    init(_ instruments: [Instrument]) {
        var capacity = 4
        while capacity < instruments.count * 2 { capacity *= 2 }
        keys = Array(repeating: 0, count: capacity)
        indices = Array(repeating: -1, count: capacity)
        mask = capacity - 1
        for (index, instrument) in instruments.enumerated() {
            var slot = Self.hash(instrument.token.rawValue) & mask
            while keys[slot] != 0 { slot = (slot + 1) & mask }
            keys[slot] = instrument.token.rawValue
            indices[slot] = Int32(index)
        }
    }

    /// The index of a token, or -1.
    func index(of token: InstrumentToken) -> Int {
        var slot = Self.hash(token.rawValue) & mask
        // Ends: the table is at most half full, and empty slots have key 0.
        while true {
            let key = keys[slot]
            if key == token.rawValue { return Int(indices[slot]) }
            if key == 0 { return -1 }
            slot = (slot + 1) & mask
        }
    }

    /// Multiplicative hashing; the upper half has the well-mixed bits.
    private static func hash(_ key: UInt32) -> Int { Int((UInt64(key) &* 0x9E37_79B9_7F4A_7C15) >> 40) }
}

import TradingModel

// What a market can say; the rest is counted and left out, here and by `BarBuilder`.

extension Quote {
    /// Whether its prices and sizes can be: above zero, not crossed, no size below zero.
    @inline(__always) var isPossible: Bool {
        bid > .zero && ask >= bid && bidSize >= .zero && askSize >= .zero
    }
}

extension Trade {
    /// Whether its price and size can be.
    @inline(__always) var isPossible: Bool { price > .zero && size >= .zero }
}

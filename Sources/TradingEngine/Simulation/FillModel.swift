import TradingModel

/// How much of an order fills, and what a touch of a resting order's price means. Two choices that combine freely.
package struct FillModel: Equatable, Sendable {
    /// What an order meets at the opposite side, and what a trade through a resting order gives it.
    package enum Volume: Equatable, Sendable {
        /// Everything at the best price; displayed and traded quantities do not matter.
        case whole
        /// No more than is displayed or was traded, where the data tells it; the rest waits.
        case limited
        /// What is displayed at the best price, the rest at once this many price increments worse, as far as the order's
        /// limit allows. Resting orders as `limited`.
        case limitedSlipping(ticks: Int)
    }

    /// When a resting limit order fills.
    package enum Touch: Equatable, Sendable {
        /// When a trade is beyond its price or the opposite quote reaches it; a trade at the price is not enough.
        case through
        /// As `through`, and by any trade at its price: as if nobody stood before it.
        case touch
        /// As `through`, and by a trade at its price with this probability in units of 0.01 %, drawn from the seed, the
        /// order and the record: no state, so that a restart draws the same.
        case chance(basisPoints: Int)
        /// Only when a trade or the opposite quote is at least this many price increments beyond its price.
        case penetration(ticks: Int)
        /// As `through`, and by trades at its price once what stood before it is used up.
        case queue(QueueModel)
    }

    package var volume: Volume
    package var touch: Touch

    package init(volume: Volume = .whole, touch: Touch = .through) {
        self.volume = volume
        self.touch = touch
    }

    package init(isVolumeLimited: Bool) { self.init(volume: isVolumeLimited ? .limited : .whole) }

    /// Whether fills are limited to displayed and traded quantities.
    package var isVolumeLimited: Bool { volume != .whole }

    /// What can fill of `wanted`; `available` is `nil` when the source does not tell.
    func fillable(_ wanted: Quantity, available: Quantity?) -> Quantity {
        guard isVolumeLimited, let available else { return wanted }
        return min(wanted, available)
    }

    /// Whether places in queues must be followed from record to record.
    var hasQueue: Bool { if case .queue = touch { true } else { false } }

    /// Whether a trade at the very price of a resting order may fill it.
    var looksAtTouches: Bool {
        switch touch {
        case .through, .penetration: false
        case .touch, .chance, .queue: true
        }
    }

    /// The units of 10^-8 by which a price must be beyond a limit; zero for the smallest difference.
    func penetration(_ increment: Price) -> Int64 {
        guard case .penetration(let ticks) = touch else { return 0 }
        return Int64(clamping: Int128(increment.e8) * Int128(ticks))
    }
}

/// How the place of a resting order in its queue is estimated from the quantity displayed at its price.
///
/// At arrival everything displayed at the price stands before the order. Trades at the price are taken off the front. Of
/// what disappears without a trade, a share is taken off the front: none of it when averse to risk, else
/// `1 - f(back) / (f(back) + f(front))`, with `front` and `back` the quantities before and behind the order. The front is
/// never more than what is displayed. The shapes are those of the probability queue models in hftbacktest's documentation.
package enum QueueModel: Equatable, Sendable {
    /// What is canceled stood behind the order.
    case riskAverse
    /// f(x) = x to the power of 1 to 8.
    case power(Int)
    /// f(x) = log(1 + x).
    case logarithm

    /// The quantity before the order, in units of 10^-8, after the displayed quantity went from `before` to `after` while
    /// `traded` of it was traded, which is off the front already.
    package func front(_ front: Int64, before: Int64, after: Int64, traded: Int64) -> Int64 {
        let gone = Int64(clamping: Int128(before) - Int128(after) - Int128(traded))
        guard gone > 0, self != .riskAverse else { return min(front, after) }
        // A share of an estimate, not money: floating point is exact enough, and the same on every machine.
        let frontNumber = Double(front) / 1e8
        let backNumber = max((Double(before) - Double(traded) - Double(front)) / 1e8, 0)
        let frontWeight = weight(frontNumber)
        let backWeight = weight(backNumber)
        let sum = frontWeight + backWeight
        let behind = sum > 0 ? backWeight / sum : 1
        let goneNumber = Double(gone) / 1e8
        // What would be taken off behind the order and is not there was before it.
        let overflow = max(behind * goneNumber - backNumber, 0)
        let estimate = frontNumber - (1 - behind) * goneNumber - overflow
        let rounded = max((estimate * 1e8).rounded(), 0)
        return rounded < Double(after) ? Int64(rounded) : after
    }

    private func weight(_ quantity: Double) -> Double {
        switch self {
        case .riskAverse: return 0
        case .power(let exponent):
            var result = 1.0
            for _ in 0..<exponent { result *= quantity }
            return result
        case .logarithm: return Logarithm.natural(1 + quantity)
        }
    }
}

/// The natural logarithm without the C library, which this module does not import and whose last digits differ between
/// machines: halving into 0.75...1.5, then the series of the inverse hyperbolic tangent.
enum Logarithm {
    /// Of a finite number above zero.
    static func natural(_ value: Double) -> Double {
        var exponent = Double(value.exponent)
        var significand = value.significand
        if significand > 1.5 {
            significand /= 2
            exponent += 1
        }
        let ratio = (significand - 1) / (significand + 1)
        let square = ratio * ratio
        var sum = 0.0
        var term = ratio
        var divisor = 1.0
        while divisor < 40 {
            sum += term / divisor
            term *= square
            divisor += 2
        }
        return 2 * sum + exponent * 0.693_147_180_559_945_3
    }
}

package import TradingEngine
import TradingModel

/// The same backtest under other assumptions: a result that depends on them is worth little.
package enum Sensitivity {
    /// One assumption changed.
    package struct Variant: Sendable {
        package var name: String
        /// What it is, in a sentence.
        package var text: String
        package var exchange: SimulatedExchangeConfiguration
    }

    /// What came of a variant.
    package struct Row: Sendable {
        package var variant: Variant
        package var result: BacktestResult
    }

    /// Runs the backtest as it is and under each changed assumption.
    package static func run(
        _ entries: [BacktestEntry], settings: BacktestSettings, progress: ((Int, Int) -> Void)? = nil
    ) throws -> [Row] {
        let variants = variants(of: try settings.account().exchange)
        var rows: [Row] = []
        for (index, variant) in variants.enumerated() {
            var changed = settings
            let adjust = settings.adjust
            changed.adjust = { account in
                adjust?(&account)
                account.exchange = variant.exchange
            }
            rows.append(Row(variant: variant, result: try Backtest.run(entries, settings: changed)))
            progress?(index + 1, variants.count)
        }
        return rows
    }

    /// The assumptions that are changed one at a time, the unchanged ones first.
    static func variants(of exchange: SimulatedExchangeConfiguration) -> [Variant] {
        var variants = [Variant(name: "as given", text: "", exchange: exchange)]
        func add(
            _ name: String, _ text: (SimulatedExchangeConfiguration) -> String,
            _ change: (inout SimulatedExchangeConfiguration) -> Void
        ) {
            var changed = exchange
            change(&changed)
            variants.append(Variant(name: name, text: text(changed), exchange: changed))
        }

        add("optimistic fills", { _ in "a trade at a resting order's price fills it, whole" }) {
            $0.fillModel = FillModel(volume: .whole, touch: .touch)
        }
        add(
            "pessimistic fills",
            { _ in
                "what is more than displayed or traded slips by a tick, resting orders fill only when passed by a tick"
            }
        ) { $0.fillModel = FillModel(volume: .limitedSlipping(ticks: 1), touch: .penetration(ticks: 1)) }
        add("worse slippage", { sentence($0.slippageText) }) { $0.slippage = $0.slippage.worse }
        // Twice nothing would say nothing.
        if exchange.latency == LatencyModel() {
            add("doubled latency", { "instead of none: " + sentence($0.latencyText) }) {
                $0.latency.entry = .milliseconds(10)
            }
        } else {
            add("doubled latency", { sentence($0.latencyText) }) { $0.latency = $0.latency.doubled }
        }
        if exchange.fees.isFree {
            add("doubled fees", { "instead of none: " + sentence($0.feeText) }) {
                let (maker, taker) = ($0.fees.rates.maker, $0.fees.rates.taker)
                // A rebate stays.
                $0.fees.rates = FeeModel.Rates(
                    maker: maker.isZero ? Quantity(e8: 20_000) : maker,
                    taker: taker.isZero ? Quantity(e8: 50_000) : taker)
            }
        } else {
            add("doubled fees", { sentence($0.feeText) }) { $0.fees = $0.fees.doubled }
        }
        return variants
    }

    /// Without its full stop.
    private static func sentence(_ text: String) -> String {
        text.hasSuffix(".") ? String(text.dropLast()) : text
    }
}

import TradingEngine
import TradingModel

/// The same backtest under other assumptions: a result that depends on them is worth little.
package enum Sensitivity {
    /// One assumption changed.
    package struct Variant: Sendable {
        package var name: String
        /// What it is, in a sentence.
        package var text: String
        package var venue: [(name: String, text: String)]
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
        _ = try AccountSettings(inputs: settings.venue)
        let variants = variants(of: settings.venue)
        var rows: [Row] = []
        for (index, variant) in variants.enumerated() {
            var changed = settings
            changed.venue = variant.venue
            rows.append(Row(variant: variant, result: try Backtest.run(entries, settings: changed)))
            progress?(index + 1, variants.count)
        }
        return rows
    }

    /// The assumptions that are changed, the unchanged ones first. Of settings that the exchange does not know, or that
    /// say the same as others given, there is no variant.
    static func variants(of venue: [(name: String, text: String)]) -> [Variant] {
        var variants = [Variant(name: "as given", text: "", venue: venue)]
        func add(_ name: String, _ text: String, _ changes: [(name: String, text: String)]) -> Bool {
            let changed = venue.filter { input in !changes.contains { $0.name == input.name } } + changes
            guard (try? AccountSettings(inputs: changed)) != nil else { return false }
            variants.append(Variant(name: name, text: text, venue: changed))
            return true
        }
        func given(_ name: String) -> String? { venue.last { $0.name == name }?.text }

        let slippage = given("slippage_ticks").flatMap { Int($0) } ?? 0
        _ = add("optimistic fills", "a trade at a resting order's price fills it", [("fill_model", "touch")])
        let isVolumeKnown = add(
            "pessimistic fills",
            "what is more than displayed or traded slips by a tick, resting orders only when passed by a tick",
            [("fill_model", "volume_slip:1+penetration:1")])
        let slips = isVolumeKnown ? "worse slippage" : "pessimistic fills"
        _ = add(
            slips, "slippage \(slippage + 1) ticks instead of \(slippage)",
            [("slippage_ticks", "\(slippage + 1)")])
        // Twice nothing would say nothing.
        let latency = given("latency_ms").flatMap { Int($0) } ?? 0
        if latency > 0 {
            _ = add(
                "doubled latency", "latency \(2 * latency) ms instead of \(latency)",
                [("latency_ms", "\(2 * latency)")])
        } else {
            _ = add("doubled latency", "latency 10 ms instead of none", [("latency_ms", "10")])
        }
        let maker = given("maker_fee").flatMap { Quantity($0) } ?? .zero
        let taker = given("taker_fee").flatMap { Quantity($0) } ?? .zero
        if maker.isZero, taker.isZero {
            _ = add(
                "doubled fees", "maker 0.0002, taker 0.0005, instead of none",
                [("maker_fee", "0.0002"), ("taker_fee", "0.0005")])
        } else {
            let changes = [
                ("maker_fee", "\(maker > .zero ? maker * 2 : maker)"), ("taker_fee", "\(taker * 2)"),
            ]
            _ = add(
                "doubled fees", "twice the fees; a rebate stays as it is",
                changes.map { (name: $0.0, text: $0.1) })
        }
        return variants
    }
}

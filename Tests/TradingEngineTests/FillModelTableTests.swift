import Testing
import TradingEngine
import TradingModel

/// Each named fill model over the same market: what a resting order and what an order that takes gets, word by word.
@Suite struct FillModelTableTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var model: String
        /// Of a bid for 4 at the best price, behind 5 displayed: trades of 3 and 4 at its price, one of 2 a tick beyond it,
        /// then an ask two ticks beyond it with a size of 5. A word for each of the four.
        var resting: [String]
        /// Of a market order for 8 that meets 5, and of the next ask with 5.
        var taking: [String]
        /// Of a bid for 8 whose limit is a tick above that ask.
        var limit: [String]

        var testDescription: String { model }
    }

    static let whole = ["8@100.02"]
    static let rows = [
        Row(model: "best_price", resting: ["", "", "4", ""], taking: whole, limit: whole),
        Row(
            model: "volume", resting: ["", "", "2", "2"], taking: ["5@100.02", "3@100.04"],
            limit: ["5@100.02", ""]),
        Row(
            model: "volume_slip:1", resting: ["", "", "2", "2"], taking: ["5@100.02 3@100.03"],
            limit: ["5@100.02 3@100.03"]),
        Row(
            model: "volume_slip:3", resting: ["", "", "2", "2"], taking: ["5@100.02 3@100.05"],
            limit: ["5@100.02", ""]),
        Row(model: "touch", resting: ["4", "", "", ""], taking: whole, limit: whole),
        Row(
            model: "volume+touch", resting: ["3", "1", "", ""], taking: ["5@100.02", "3@100.04"],
            limit: ["5@100.02", ""]),
        Row(model: "chance:0", resting: ["", "", "4", ""], taking: whole, limit: whole),
        Row(model: "chance:1", resting: ["4", "", "", ""], taking: whole, limit: whole),
        Row(model: "penetration:1", resting: ["", "", "4", ""], taking: whole, limit: whole),
        Row(model: "penetration:2", resting: ["", "", "", "4"], taking: whole, limit: whole),
        Row(model: "penetration:3", resting: ["", "", "", ""], taking: whole, limit: whole),
        Row(model: "queue_risk_averse", resting: ["", "2", "2", ""], taking: whole, limit: whole),
        Row(model: "queue_power:3", resting: ["", "2", "2", ""], taking: whole, limit: whole),
        Row(model: "queue_log", resting: ["", "2", "2", ""], taking: whole, limit: whole),
        Row(
            model: "volume+queue_risk_averse", resting: ["", "2", "2", ""],
            taking: ["5@100.02", "3@100.04"], limit: ["5@100.02", ""]),
    ]

    /// The fills since the last look: quantities alone when all are at one price that is known.
    private func fills(_ script: inout ExchangeScript, hasPrice: Bool) -> String {
        script.heard().filter { $0.hasPrefix("filled") }.map { line in
            let fill = line.split(separator: " ")[2]
            return hasPrice ? String(fill) : String(fill.prefix { $0 != "@" })
        }.joined(separator: " ")
    }

    private func script(_ row: Row) throws -> ExchangeScript {
        var configuration = SimulatedExchangeConfiguration()
        configuration.fillModel = try #require(ExchangeModelText.fillModel(row.model))
        var script = ExchangeScript(configuration)
        script.quote("99.98", "100.02", size: 5)
        return script
    }

    @Test(arguments: rows) func restingOrder(row: Row) throws {
        var script = try script(row)
        script.submit(.ask(.buy, .limit, 4, at: "99.98"))
        #expect(script.heard() == ["accepted 1"])
        var found: [String] = []
        script.trade("99.98", size: 3)
        found.append(fills(&script, hasPrice: false))
        script.trade("99.98", size: 4)
        found.append(fills(&script, hasPrice: false))
        script.trade("99.97", size: 2)
        found.append(fills(&script, hasPrice: false))
        script.quote("99.94", "99.96", size: 5)
        found.append(fills(&script, hasPrice: false))
        #expect(found == row.resting)
    }

    @Test(arguments: rows) func orderThatTakes(row: Row) throws {
        var script = try script(row)
        script.submit(.ask(.buy, .market, 8))
        var found = [fills(&script, hasPrice: true)]
        script.quote("100", "100.04", size: 5)
        let later = fills(&script, hasPrice: true)
        if !later.isEmpty { found.append(later) }
        #expect(found == row.taking)
    }

    @Test(arguments: rows) func limitOrderThatTakes(row: Row) throws {
        var script = try script(row)
        script.submit(.ask(.buy, .limit, 8, at: "100.03"))
        var found = [fills(&script, hasPrice: true)]
        script.quote("100", "100.04", size: 5)
        if row.limit.count > 1 { found.append(fills(&script, hasPrice: true)) }
        #expect(found == row.limit)
        #expect(fills(&script, hasPrice: true).isEmpty)
    }
}

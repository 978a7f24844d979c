import Foundation
import Tradewind

/// Well behaved: prints what happens to it, a line each, for tests to read in its log.
struct Witness: Strategy {
    static let name = "witness"
    static let summary = "Prints what it is told"
    static let parameters: [ParameterDeclaration] = []

    init(parameters: ParameterValues) {}

    func onFeedStatus(_ status: FeedStatusCode, token: InstrumentToken, context: StrategyContext) {
        print("status \(status) \(context.instrument(token)?.symbol ?? "feed")")
    }

    func onGap(missing: UInt64, context: StrategyContext) { print("gap \(missing)") }
}

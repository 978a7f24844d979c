import Tradewind

/// A desk of strategies that do what strategies must not do; for the end-to-end tests only.
@main struct FaultDesk: TradewindApp {
    static let strategies: [any Strategy.Type] = [
        GapMeter.self, Spinner.self, Printer.self, Exiter.self, Forker.self, NeverReady.self,
        Keeper.self, Endless.self, Witness.self, Chronicle.self, Amender.self, Survivor.self, OrderMix.self,
        Versioned.self, Trapper.self, Thrower.self, StopRider.self,
    ]
}

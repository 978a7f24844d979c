import TradingModel

/// The prices of the instruments that somebody looks at. Pure.
struct PriceTracks {
    /// What asking for an instrument comes to.
    struct Asked {
        /// Its prices since somebody first asked for them.
        var points: [PriceTrack.Point]
        /// Whether it is followed from now on.
        var isNew: Bool
        /// What is not followed any more, to have room for it.
        var gone: InstrumentToken?
    }

    private struct Followed {
        var track = PriceTrack()
        /// When somebody last asked for it.
        var askedAt: ContinuousClock.Instant
    }

    /// Instruments whose prices are followed at once; of more, the one that was asked for longest ago is given up.
    static let countMax = 32
    /// The time after which prices that nobody asks for are not followed any more.
    static let life: Duration = .seconds(60)

    private var followed: [InstrumentToken: Followed] = [:]

    /// The prices of an instrument, which is followed from now on.
    mutating func ask(for token: InstrumentToken, at now: ContinuousClock.Instant) -> Asked {
        let isNew = followed[token] == nil
        var gone: InstrumentToken?
        if isNew, followed.count >= Self.countMax {
            gone = followed.min { $0.value.askedAt < $1.value.askedAt }?.key
        }
        if let gone { followed[gone] = nil }
        followed[token, default: Followed(askedAt: now)].askedAt = now
        return Asked(points: followed[token]?.track.points ?? [], isNew: isNew, gone: gone)
    }

    /// Takes the prices of records; returns the instruments that nobody has asked for any more, which are forgotten.
    ///
    /// It is here that they go, since nobody asks when the last page is closed, and what sends no records costs nothing.
    mutating func take(
        _ records: some Sequence<MarketEvent>, at now: ContinuousClock.Instant
    ) -> [InstrumentToken] {
        for event in records where followed[event.token] != nil { followed[event.token]?.track.take(event) }
        guard followed.values.contains(where: { now - $0.askedAt > Self.life }) else { return [] }
        let gone = followed.filter { now - $0.value.askedAt > Self.life }.map(\.key)
        for token in gone { followed[token] = nil }
        return gone
    }
}

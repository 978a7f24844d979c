import ControlPlane
import HTTPTypes
import MarketData
import Monitoring
import Supervision
import Synchronization
import TradingModel

/// The prices of an instrument: of the last day as far as they were recorded, then as they come on the bus.
final class PriceDocument: Sendable {
    private struct Past {
        var points: [PriceSamples.Point]
        var readAt: ContinuousClock.Instant
    }

    /// Instruments whose past is kept; then all are forgotten.
    private static let pastsMax = 32
    private static let pastLife: Duration = .seconds(60)
    private let pasts = Mutex<[InstrumentToken: Past]>([:])

    /// The document of a symbol. Reads files; for a thread that may wait.
    func json(_ symbol: String, _ site: Site, _ store: ControlStore) throws -> JSONWriter {
        guard let instrument = try store.instruments().first(where: { $0.symbol == symbol }) else {
            throw Problem(.notFound, "unknown_instrument", "there is no instrument \(symbol.prefix(80))")
        }
        let live = site.monitor.prices(of: instrument.token)
        let past = try past(of: instrument.token, site, store).filter { point in
            live.first.map { point.time < $0.time } ?? true
        }
        var json = JSONWriter()
        json.object { json in
            json.member("symbol", symbol)
            json.arrayMember("items") { json in
                for point in past {
                    Self.write(point.time, low: point.price, high: point.price, last: point.price, to: &json)
                }
                for point in live {
                    Self.write(point.time, low: point.low, high: point.high, last: point.last, to: &json)
                }
            }
        }
        return json
    }

    private static func write(
        _ time: Timestamp, low: Price, high: Price, last: Price, to json: inout JSONWriter
    ) {
        json.object { json in
            json.member("time", time)
            json.member("low", low)
            json.member("high", high)
            json.member("last", last)
        }
    }

    private func past(
        of token: InstrumentToken, _ site: Site, _ store: ControlStore
    ) throws -> [PriceSamples.Point] {
        let now = ContinuousClock.now
        if let known = pasts.withLock({ $0[token] }), now - known.readAt < Self.pastLife {
            return known.points
        }
        let since = WallClock.now - .seconds(86_400)
        let recent = try store.recordings().filter { ($0.lastTime ?? .epoch) >= since }.suffix(
            Limits.recordingsSampledMax)
        var points: [PriceSamples.Point] = []
        for recording in recent {
            // A file that was moved or is damaged has no picture; `ticks verify` says why.
            let found = try? PriceSamples.points(
                path: site.settings.home.path + "/" + recording.path, token: token,
                count: Limits.pricePointsMax / recent.count)
            points += (found ?? []).filter { $0.time >= since }
        }
        points.sort { $0.time < $1.time }
        pasts.withLock { pasts in
            if pasts.count >= Self.pastsMax { pasts = [:] }
            pasts[token] = Past(points: points, readAt: now)
        }
        return points
    }
}

package import TradingModel

/// Looks for two mistakes of backtests: decisions that know the future, and results that depend on where the data begins.
package enum BiasCheck {
    /// A place at which two order logs are not the same.
    package struct Difference: Equatable, Sendable, Encodable {
        package var time: Timestamp
        /// What the whole run did; `nil` for nothing.
        package var full: String?
        /// What the other run did; `nil` for nothing.
        package var other: String?
    }

    /// A run that ends early must do the same until then.
    package struct LookAhead: Equatable, Sendable, Encodable {
        /// The data before this was seen.
        package var cut: Timestamp
        package var comparedCount: Int
        /// The first difference; `nil` when there is none.
        package var difference: Difference?
    }

    /// A run that begins later, after a warm-up, should send the same orders from then on.
    package struct WarmUpResult: Equatable, Sendable, Encodable {
        package var start: Timestamp
        package var warmUpRecords: Int
        /// Orders after the start in the whole run, and those of them that the later one sent too.
        package var orderCount: Int
        package var equalCount: Int
        package var lastDifference: Timestamp?
        /// The first ones.
        package var differences: [Difference]

        /// Whether nothing differed in the second half of what was compared.
        package func hasConverged(end: Timestamp) -> Bool {
            guard let lastDifference else { return true }
            return (lastDifference - start).wholeNanoseconds <= (end - start).wholeNanoseconds / 2
        }
    }

    /// All that was found.
    package struct Report: Sendable, Encodable {
        package var lookAhead: [LookAhead]
        package var warmUp: WarmUpResult?
        package var end: Timestamp
        /// Whether the order log was longer than can be compared.
        package var isCut: Bool
        /// Bytes that the run read from files besides its data; `nil` where the system does not tell.
        package var bytesRead: Int?

        package var hasLookAhead: Bool { lookAhead.contains { $0.difference != nil } }

        /// Whether a strategy read files of its own, which are not cut with the data: what it knows from there this
        /// check cannot tell.
        package var hasReadFiles: Bool { (bytesRead ?? 0) > Limits.ownReadBytesMax }
    }

    /// How often the run is cut.
    private static let cutCount = 5

    /// Where runs are cut: just before entries of the order log that stand at equal distances in it, or, when it has
    /// few, at equal distances in time.
    private static func cutTimes(_ full: [OrderLogEntry], first: Timestamp, extent: Int64) -> [Timestamp] {
        guard extent > Int64(cutCount) else { return [] }
        return (1...cutCount).map { number in
            guard full.count > 2 * cutCount else {
                return Timestamp(
                    nanoseconds: first.nanoseconds + extent / Int64(cutCount + 1) * Int64(number))
            }
            return full[full.count * number / (cutCount + 1)].time
        }
    }

    /// Runs the backtest whole, cut at several times, and begun late.
    package static func run(_ entries: [BacktestEntry], settings: BacktestSettings) throws -> Report {
        let full = OrderLogCollector()
        // Files that the settings name are read by every run, not by the strategy.
        let begin = ThreadReads.byteCount
        _ = try settings.account()
        let readBefore = ThreadReads.byteCount
        let result = try Backtest.run(entries, settings: settings, observer: full.observer)
        let bytesRead = ThreadReads.byteCount.flatMap { after in
            begin.flatMap { begin in readBefore.map { max(0, after - $0 - ($0 - begin)) } }
        }
        let (first, last) = (result.firstTime, result.lastTime)
        let extent = (last - first).wholeNanoseconds
        var lookAhead: [LookAhead] = []
        for time in cutTimes(full.entries, first: first, extent: extent) {
            var cut = settings
            cut.until = time
            lookAhead.append(try compareCut(entries, cut, full.entries, beginning: first))
        }
        let warmUp = try checkWarmUp(entries, settings, full.entries, first: first, extent: extent)
        return Report(
            lookAhead: lookAhead, warmUp: warmUp, end: last, isCut: full.isCut, bytesRead: bytesRead)
    }

    // MARK: - The future

    private static func compareCut(
        _ entries: [BacktestEntry], _ settings: BacktestSettings, _ full: [OrderLogEntry],
        beginning: Timestamp
    ) throws -> LookAhead {
        let cut = settings.until ?? beginning
        let log = OrderLogCollector()
        var lastTime = beginning
        do {
            lastTime = try Backtest.run(entries, settings: settings, observer: log.observer).lastTime
        } catch let error as BacktestError where error.kind == .noRecords {
            return LookAhead(cut: cut, comparedCount: 0)
        }
        return LookAhead(
            cut: cut, comparedCount: log.entries.count,
            difference: firstDifference(full, prefix: log.entries, lastTime: lastTime))
    }

    /// The first place at which the log of a cut run is not the beginning of the whole one's. What the whole run did
    /// next must have happened after the last record that the cut one saw.
    static func firstDifference(
        _ full: [OrderLogEntry], prefix: [OrderLogEntry], lastTime: Timestamp
    ) -> Difference? {
        for (index, entry) in prefix.enumerated() {
            guard index < full.count else {
                return Difference(time: entry.time, full: nil, other: entry.text)
            }
            if full[index] != entry {
                return Difference(
                    time: min(full[index].time, entry.time), full: full[index].text, other: entry.text)
            }
        }
        guard prefix.count < full.count, full[prefix.count].time <= lastTime else { return nil }
        return Difference(time: full[prefix.count].time, full: full[prefix.count].text, other: nil)
    }

    // MARK: - The past

    private static func checkWarmUp(
        _ entries: [BacktestEntry], _ settings: BacktestSettings, _ full: [OrderLogEntry], first: Timestamp,
        extent: Int64
    ) throws -> WarmUpResult? {
        guard extent >= 4 else { return nil }
        var later = settings
        // Half of what it did, or of the time when it did next to nothing.
        let middle = Timestamp(nanoseconds: first.nanoseconds + extent / 2)
        let start = full.count > 2 ? full[full.count / 2].time : middle
        later.from = start
        // Without a warm-up of the user's own, a quarter of the data.
        if case .time? = settings.warmUp {} else { later.warmUp = .time(.nanoseconds(extent / 4)) }
        let log = OrderLogCollector()
        let result = try Backtest.run(entries, settings: later, observer: log.observer)
        return compareOrders(
            full.filter { $0.time >= start }, log.entries.filter { $0.time >= start }, start: start,
            warmUpRecords: result.warmUpCount)
    }

    /// Compares orders by when they were sent and what they are. Their quantity is left out: the whole run may hold a
    /// position when the later one begins flat, and the next order then turns the one and opens the other.
    static func compareOrders(
        _ full: [OrderLogEntry], _ other: [OrderLogEntry], start: Timestamp, warmUpRecords: Int
    ) -> WarmUpResult {
        let left = full.compactMap(OrderKey.init)
        let right = other.compactMap(OrderKey.init)
        var result = WarmUpResult(
            start: start, warmUpRecords: warmUpRecords, orderCount: left.count, equalCount: 0,
            lastDifference: nil,
            differences: [])
        var (i, j) = (0, 0)
        func note(_ key: OrderKey, isFull: Bool) {
            result.lastDifference = max(result.lastDifference ?? key.time, key.time)
            guard result.differences.count < Limits.differencesListed else { return }
            result.differences.append(
                Difference(time: key.time, full: isFull ? key.text : nil, other: isFull ? nil : key.text))
        }
        while i < left.count || j < right.count {
            if i < left.count, j < right.count, left[i] == right[j] {
                result.equalCount += 1
                (i, j) = (i + 1, j + 1)
            } else if j >= right.count || (i < left.count && left[i].time <= right[j].time) {
                note(left[i], isFull: true)
                i += 1
            } else {
                note(right[j], isFull: false)
                j += 1
            }
        }
        return result
    }

    /// What makes an order the same one in two runs.
    private struct OrderKey: Equatable {
        var time: Timestamp
        var strategy: Int
        var token: InstrumentToken
        var side: Side
        var type: OrderType
        var price: Price

        init?(_ entry: OrderLogEntry) {
            guard case .orderSubmitted(let order) = entry.record, order.status != .denied else { return nil }
            time = entry.time
            strategy = entry.strategy
            token = order.token
            side = order.side
            type = order.type
            price = order.price
        }

        var text: String { "\(type) \(side)" + (price.isZero ? "" : " at \(price)") }
    }
}

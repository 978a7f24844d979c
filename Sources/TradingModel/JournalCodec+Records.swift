extension ByteWriter {
    mutating func append(_ record: JournalRecord) {
        switch record {
        case .sessionStarted(let session):
            append(session.strategyID)
            append(session.strategyName)
            append(session.className)
            append(session.epoch)
            append(session.seed)
        case .checkpoint(let snapshot): append(snapshot)
        case .orderSubmitted(let order): append(order)
        case .orderUpdated(let update):
            append(update.id.rawValue)
            append(update.status.rawValue)
            append(update.filledQuantity.e8)
            append(update.reason)
        case .fill(let fill): append(fill)
        case .parametersChanged(let json): append(json)
        case .stateSaved(let state): append(state)
        case .sessionEnded(let end):
            append(end.reason)
            append(end.orderLogHash)
        case .orderModified(let change):
            append(change.id.rawValue)
            append(change.price.e8)
            append(change.triggerPrice.e8)
            append(change.quantity.e8)
            append(change.status.rawValue)
            append(change.reason)
        case .input(let input):
            append(input.kind.rawValue)
            append(input.place.time.nanoseconds)
            append(input.place.sequence)
            append(input.text)
        case .tradingStateChanged(let trading): append(trading)
        }
    }

    private mutating func append(_ trading: JournalTradingState) {
        append(trading.state.rawValue)
        append(trading.reason)
        append(UInt8(trading.isBreach ? 1 : 0))
        append(trading.time.nanoseconds)
    }

    private mutating func append(_ snapshot: EngineSnapshot) {
        append(snapshot.totals.startingCash.e8)
        append(snapshot.totals.orderCount)
        append(snapshot.totals.fillCount)
        append(snapshot.totals.roundTripCount)
        append(snapshot.totals.winningRoundTripCount)
        append(snapshot.totals.tradedNotional.e8)
        append(UInt32(snapshot.positions.count))
        for position in snapshot.positions {
            append(position.token.rawValue)
            append(position.quantity.e8)
            append(position.averagePrice.e8)
            append(position.realizedPnL.e8)
            append(position.fees.e8)
            append(position.roundTripPnL.e8)
        }
        append(UInt32(snapshot.openOrders.count))
        for order in snapshot.openOrders { append(order) }
        append(UInt8(snapshot.savedState == nil ? 0 : 1))
        if let state = snapshot.savedState { append(state) }
        append(snapshot.lastVenueOrder)
        if let trading = snapshot.trading { append(trading) }
    }

    private mutating func append(_ fill: Fill) {
        append(fill.count)
        append(fill.orderID.rawValue)
        append(fill.token.rawValue)
        append(fill.side.rawValue)
        append(fill.liquidity.rawValue)
        append(fill.price.e8)
        append(fill.quantity.e8)
        append(fill.fee.e8)
        append(fill.realizedPnL.e8)
        append(fill.positionAfter.e8)
        append(fill.averagePriceAfter.e8)
        append(fill.time.nanoseconds)
    }

    private mutating func append(_ state: SavedState) {
        append(state.version)
        append(UInt32(state.bytes.count))
        append(contentsOf: state.bytes)
    }
}

extension ByteReader {
    mutating func readRecord(kind: UInt32) -> JournalRecord? {
        switch kind {
        case 1: readSession().map { .sessionStarted($0) }
        case 2: readSnapshot(isFirstVersion: true).map { .checkpoint($0) }
        case 3: readFirstOrder().map { .orderSubmitted($0) }
        case 4: readUpdate().map { .orderUpdated($0) }
        case 5: readFill().map { .fill($0) }
        case 6: readText().map { .parametersChanged($0) }
        case 7: readState().map { .stateSaved($0) }
        case 8: readSessionEnd().map { .sessionEnded($0) }
        case 9: readOrder().map { .orderSubmitted($0) }
        case 10: readSnapshot(isFirstVersion: false).map { .checkpoint($0) }
        case 11: readModification().map { .orderModified($0) }
        case 12: readInput().map { .input($0) }
        case 13: readTrading().map { .tradingStateChanged($0) }
        default: nil
        }
    }

    private mutating func readSession() -> JournalSession? {
        guard let id = readText(), let name = readText(), let className = readText(),
            let epoch: UInt32 = read(), let seed: UInt64 = read()
        else { return nil }
        return JournalSession(
            strategyID: id, strategyName: name, className: className, epoch: epoch, seed: seed)
    }

    private mutating func readSessionEnd() -> JournalSessionEnd? {
        guard let reason = readText(), let hash: UInt64 = read() else { return nil }
        return JournalSessionEnd(reason: reason, orderLogHash: hash)
    }

    private mutating func readSnapshot(isFirstVersion: Bool) -> EngineSnapshot? {
        guard let cash: Int64 = read(), let orders: UInt64 = read(), let fills: UInt64 = read(),
            let trips: UInt64 = read(), let wins: UInt64 = read(),
            let traded: Int64 = isFirstVersion ? 0 : read(), let positionCount: UInt32 = read()
        else { return nil }
        var snapshot = EngineSnapshot(
            totals: AccountTotals(
                startingCash: Money(e8: cash), orderCount: orders, fillCount: fills, roundTripCount: trips,
                winningRoundTripCount: wins, tradedNotional: Money(e8: traded)))
        for _ in 0..<positionCount {
            guard let position = readPosition() else { return nil }
            snapshot.positions.append(position)
        }
        guard let orderCount: UInt32 = read() else { return nil }
        for _ in 0..<orderCount {
            guard let order = isFirstVersion ? readFirstOrder() : readOrder() else { return nil }
            snapshot.openOrders.append(order)
        }
        guard let hasState: UInt8 = read() else { return nil }
        if hasState == 1 {
            guard let state = readState() else { return nil }
            snapshot.savedState = state
        }
        // Journals of versions before order gateways end here.
        snapshot.lastVenueOrder = remainingCount == 0 ? 0 : read() ?? 0
        // Only where not everything may be traded.
        if remainingCount > 0 {
            guard let trading = readTrading() else { return nil }
            snapshot.trading = trading
        }
        return snapshot
    }

    private mutating func readTrading() -> JournalTradingState? {
        guard let word = readText(), let state = TradingState(rawValue: word), let reason = readText(),
            let isBreach: UInt8 = read(), let time: Int64 = read()
        else { return nil }
        return JournalTradingState(
            state: state, reason: reason, isBreach: isBreach == 1, time: Timestamp(nanoseconds: time))
    }

    private mutating func readPosition() -> Position? {
        guard let token: UInt32 = read(), let quantity: Int64 = read(), let average: Int64 = read(),
            let realized: Int64 = read(), let fees: Int64 = read(), let roundTrip: Int64 = read()
        else { return nil }
        return Position(
            token: InstrumentToken(token), quantity: Quantity(e8: quantity), averagePrice: Price(e8: average),
            realizedPnL: Money(e8: realized), fees: Money(e8: fees), roundTripPnL: Money(e8: roundTrip))
    }

    private mutating func readUpdate() -> OrderUpdate? {
        guard let id: UInt64 = read(), let status = OrderStatus(rawValue: read() ?? 0),
            let filled: Int64 = read(),
            let reason = readText()
        else { return nil }
        return OrderUpdate(
            id: OrderID(rawValue: id), status: status, filledQuantity: Quantity(e8: filled), reason: reason)
    }

    private mutating func readFill() -> Fill? {
        guard let count: UInt32 = read(), let orderID: UInt64 = read(), let token: UInt32 = read(),
            let side = Side(rawValue: read() ?? 0), let liquidity = Liquidity(rawValue: read() ?? 0),
            let price: Int64 = read(), let quantity: Int64 = read(), let fee: Int64 = read(),
            let realized: Int64 = read(), let position: Int64 = read(), let average: Int64 = read(),
            let time: Int64 = read()
        else { return nil }
        return Fill(
            count: count, orderID: OrderID(rawValue: orderID), token: InstrumentToken(token), side: side,
            liquidity: liquidity, price: Price(e8: price), quantity: Quantity(e8: quantity),
            fee: Money(e8: fee),
            realizedPnL: Money(e8: realized), positionAfter: Quantity(e8: position),
            averagePriceAfter: Price(e8: average), time: Timestamp(nanoseconds: time))
    }

    private mutating func readInput() -> SessionInput? {
        guard let kind = SessionInput.Kind(rawValue: read() ?? 0), let time: Int64 = read(),
            let sequence: UInt64 = read(), let text = readText()
        else { return nil }
        return SessionInput(
            kind: kind, place: RecordPlace(time: Timestamp(nanoseconds: time), sequence: sequence), text: text
        )
    }

    private mutating func readState() -> SavedState? {
        guard let version: UInt32 = read(), let count: UInt32 = read(),
            let content = read(byteCount: Int(count))
        else { return nil }
        return SavedState(version: version, bytes: content)
    }
}

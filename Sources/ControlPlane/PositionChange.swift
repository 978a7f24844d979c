import TradingModel

/// What a run of fills did to one position: it ends as the last fill says, PnL and fees add up.
struct PositionChange {
    let token: InstrumentToken
    private(set) var quantity = Quantity.zero
    private(set) var averagePrice = Price.zero
    private(set) var realizedPnL = Money.zero
    private(set) var fees = Money.zero
    private(set) var time = Timestamp.epoch
    private(set) var epoch: UInt32 = 0
    private(set) var sequence: UInt64 = 0

    init(token: InstrumentToken) { self.token = token }

    mutating func add(_ fill: Fill, _ entry: JournalEntry) {
        quantity = fill.positionAfter
        averagePrice = fill.averagePriceAfter
        realizedPnL += fill.realizedPnL
        fees += fill.fee
        time = fill.time
        epoch = entry.epoch
        sequence = entry.sequence
    }
}

/// The changes that are not written yet, so that a batch writes each position once.
struct PositionChanges {
    /// In the order of first use.
    private var changes: [PositionChange] = []
    private var indices: [InstrumentToken: Int] = [:]

    mutating func add(_ fill: Fill, _ entry: JournalEntry) {
        let index: Int
        if let known = indices[fill.token] {
            index = known
        } else {
            index = changes.count
            indices[fill.token] = index
            changes.append(PositionChange(token: fill.token))
        }
        changes[index].add(fill, entry)
    }

    /// Writes and forgets them.
    mutating func write(_ statements: IngestionStatements) throws {
        for change in changes { try statements.add(change) }
        changes.removeAll(keepingCapacity: true)
        indices.removeAll(keepingCapacity: true)
    }
}

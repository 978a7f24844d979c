import TradingModel

/// What a run of journal records did to one order.
struct OrderChange {
    /// The order as it was submitted, when that is part of the run, with its journal record.
    private(set) var submitted: (order: Order, sequence: UInt64)?
    let id: OrderID
    private(set) var status: OrderStatus
    private(set) var filledQuantity: Quantity
    /// Whether the run says how much has filled.
    private(set) var hasFilledQuantity = true
    private(set) var reason = ""
    /// What it asks for now, when the run has changed that.
    private(set) var terms: OrderTerms?
    /// The last record about it.
    private(set) var time: Timestamp
    private(set) var epoch: UInt32
    private(set) var sequence: UInt64

    init(_ order: Order, _ entry: JournalEntry) {
        submitted = (order, entry.sequence)
        id = order.id
        status = order.status
        filledQuantity = order.filledQuantity
        time = entry.time
        epoch = entry.epoch
        sequence = entry.sequence
    }

    init(_ update: OrderUpdate, _ entry: JournalEntry) {
        id = update.id
        status = update.status
        filledQuantity = update.filledQuantity
        reason = update.reason
        time = entry.time
        epoch = entry.epoch
        sequence = entry.sequence
    }

    init(_ change: OrderModification, _ entry: JournalEntry) {
        id = change.id
        status = change.status
        filledQuantity = .zero
        hasFilledQuantity = false
        time = entry.time
        epoch = entry.epoch
        sequence = entry.sequence
        reason = change.reason
        terms = change.terms
    }

    /// An order of a list comes again when it is sent.
    mutating func add(_ order: Order, _ entry: JournalEntry) {
        submitted = (order, submitted?.sequence ?? entry.sequence)
        terms = order.terms
        status = order.status
        reason = ""
        time = entry.time
        epoch = entry.epoch
        sequence = entry.sequence
    }

    mutating func add(_ change: OrderModification, _ entry: JournalEntry) {
        status = change.status
        reason = change.reason
        terms = change.terms
        time = entry.time
        epoch = entry.epoch
        sequence = entry.sequence
    }

    mutating func add(_ update: OrderUpdate, _ entry: JournalEntry) {
        hasFilledQuantity = true
        status = update.status
        filledQuantity = update.filledQuantity
        reason = update.reason
        time = entry.time
        epoch = entry.epoch
        sequence = entry.sequence
    }
}

/// The changes of orders that are not written yet, so that a run of records writes each order once.
struct OrderChanges {
    /// In the order of first use.
    private var changes: [OrderChange] = []
    private var indices: [OrderID: Int] = [:]

    mutating func submit(_ order: Order, _ entry: JournalEntry) {
        if let index = indices[order.id] {
            changes[index].add(order, entry)
            return
        }
        indices[order.id] = changes.count
        changes.append(OrderChange(order, entry))
    }

    mutating func update(_ update: OrderUpdate, _ entry: JournalEntry) {
        if let index = indices[update.id] {
            changes[index].add(update, entry)
        } else {
            indices[update.id] = changes.count
            changes.append(OrderChange(update, entry))
        }
    }

    mutating func modify(_ change: OrderModification, _ entry: JournalEntry) {
        if let index = indices[change.id] {
            changes[index].add(change, entry)
        } else {
            indices[change.id] = changes.count
            changes.append(OrderChange(change, entry))
        }
    }

    /// Writes and forgets them.
    mutating func write(_ statements: IngestionStatements) throws {
        for change in changes {
            if let submitted = change.submitted {
                try statements.insert(change, submitted.order, submitted.sequence)
            } else {
                try statements.update(change)
            }
        }
        changes.removeAll(keepingCapacity: true)
        indices.removeAll(keepingCapacity: true)
    }
}

/// All that a run of records changes and that is written at its end.
struct JournalChanges {
    var orders = OrderChanges()
    var positions = PositionChanges()

    /// Writes and forgets them.
    mutating func write(_ statements: IngestionStatements) throws {
        try orders.write(statements)
        try positions.write(statements)
    }
}

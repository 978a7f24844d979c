import GRDB
import GRDBSQLite
import TradingModel

/// The prepared statements that copy one strategy's journal entries, bound directly: a fill costs a few
/// microseconds and allocates nothing.
///
/// Use within one transaction; the strategy's id stays bound from `init` to `finish`.
struct IngestionStatements {
    private let connection: OpaquePointer
    private let insertOrder: BoundStatement
    private let updateOrder: BoundStatement
    private let insertFill: BoundStatement
    private let addToPosition: BoundStatement
    private let setPosition: BoundStatement

    /// Takes the statements from the connection's cache and binds the id, which must outlive this value.
    init(_ database: Database, strategyID: UnsafePointer<CChar>) throws {
        guard let connection = database.sqliteConnection else {
            throw ControlError(.database, "the connection is closed")
        }
        self.connection = connection
        func prepare(_ sql: String) throws -> BoundStatement {
            let statement = BoundStatement(try database.cachedStatement(sql: sql))
            statement.bindPersistent(strategyID)
            return statement
        }
        insertOrder = try prepare(IngestionSQL.insertOrder)
        updateOrder = try prepare(IngestionSQL.updateOrder)
        insertFill = try prepare(IngestionSQL.insertFill)
        addToPosition = try prepare(IngestionSQL.addToPosition)
        setPosition = try prepare(IngestionSQL.setPosition)
    }

    /// Takes the id's pointer out of the cached statements; after it this value must not be used.
    func finish() {
        for statement in [insertOrder, updateOrder, insertFill, addToPosition, setPosition] {
            statement.clear()
        }
    }

    /// Adds an order as it stands after the changes; one that is there takes them when it has not yet.
    func insert(_ change: OrderChange, _ order: Order, _ sequence: UInt64) throws {
        var binding = insertOrder.binding()
        binding.add(Int64(order.id.epoch))
        binding.add(Int64(order.id.count))
        binding.add(Int64(sequence))
        binding.add(Int64(order.token.rawValue))
        binding.add(order.side.word)
        binding.add(order.type.word)
        binding.add(order.timeInForce.word)
        binding.add(order.isPostOnly ? 1 : 0)
        binding.add(order.isReduceOnly ? 1 : 0)
        let terms = change.terms ?? order.terms
        binding.add(terms.price.e8)
        binding.add(terms.quantity.e8)
        binding.add(change.filledQuantity.e8)
        binding.add(change.status.word)
        binding.add(copying: change.reason)
        binding.add(order.createdAt.nanoseconds)
        binding.add(change.time.nanoseconds)
        binding.add(Int64(change.epoch))
        binding.add(Int64(change.sequence))
        binding.add(terms.triggerPrice.e8)
        binding.add(order.expireTime?.nanoseconds)
        if let offset = order.trailingOffset { binding.add(copying: "\(offset)") } else { binding.add("") }
        binding.add(copying: order.link.map { "\($0.listID)" })
        binding.add(copying: order.link?.parentID.map { "\($0)" })
        if order.tag.isEmpty { binding.add("") } else { binding.add(copying: "\(order.tag)") }
        try insertOrder.run(connection)
    }

    /// Changes an order that is there.
    func update(_ change: OrderChange) throws {
        var binding = updateOrder.binding()
        binding.add(Int64(change.id.epoch))
        binding.add(Int64(change.id.count))
        binding.add(change.status.word)
        binding.add(change.hasFilledQuantity ? change.filledQuantity.e8 : nil)
        binding.add(copying: change.reason)
        binding.add(change.time.nanoseconds)
        binding.add(Int64(change.epoch))
        binding.add(Int64(change.sequence))
        binding.add(change.terms?.price.e8)
        binding.add(change.terms?.triggerPrice.e8)
        binding.add(change.terms?.quantity.e8)
        try updateOrder.run(connection)
    }

    /// Adds a fill; `false` when it was there before.
    func insert(_ fill: Fill, _ entry: JournalEntry) throws -> Bool {
        var binding = insertFill.binding()
        binding.add(Int64(entry.epoch))
        binding.add(Int64(entry.sequence))
        binding.add(Int64(fill.count))
        binding.add(Int64(fill.orderID.epoch))
        binding.add(Int64(fill.orderID.count))
        binding.add(Int64(fill.token.rawValue))
        binding.add(fill.side.word)
        binding.add(fill.liquidity == .maker ? "maker" : "taker")
        binding.add(fill.price.e8)
        binding.add(fill.quantity.e8)
        binding.add(fill.fee.e8)
        binding.add(fill.realizedPnL.e8)
        binding.add(fill.positionAfter.e8)
        binding.add(fill.averagePriceAfter.e8)
        binding.add(fill.time.nanoseconds)
        try insertFill.run(connection)
        return sqlite3_changes(connection) > 0
    }

    /// Adds what some fills did to a position.
    func add(_ change: PositionChange) throws {
        var binding = addToPosition.binding()
        binding.add(Int64(change.token.rawValue))
        binding.add(change.quantity.e8)
        binding.add(change.averagePrice.e8)
        binding.add(change.realizedPnL.e8)
        binding.add(change.fees.e8)
        binding.add(change.time.nanoseconds)
        binding.add(Int64(change.epoch))
        binding.add(Int64(change.sequence))
        try addToPosition.run(connection)
    }

    /// Sets a position to what a checkpoint says, which counts as the truth.
    func set(_ position: Position, _ entry: JournalEntry) throws {
        var binding = setPosition.binding()
        binding.add(Int64(position.token.rawValue))
        binding.add(position.quantity.e8)
        binding.add(position.averagePrice.e8)
        binding.add(position.realizedPnL.e8)
        binding.add(position.fees.e8)
        binding.add(entry.time.nanoseconds)
        binding.add(Int64(entry.epoch))
        binding.add(Int64(entry.sequence))
        try setPosition.run(connection)
    }
}

private enum IngestionSQL {
    static let insertOrder = """
        INSERT INTO orders(strategy_id, epoch, count, sequence, token, side, type, time_in_force, is_post_only,
            is_reduce_only, price_e8, quantity_e8, filled_quantity_e8, status, reason, created_ns, updated_ns,
            updated_epoch, updated_sequence, trigger_price_e8, expire_ns, trailing_offset, list_id, parent_id, tag)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23,
            ?24, ?25)
        ON CONFLICT(strategy_id, epoch, count) DO UPDATE SET price_e8 = ?11, quantity_e8 = ?12, filled_quantity_e8 = ?13,
            status = ?14, reason = ?15, updated_ns = ?17, updated_epoch = ?18, updated_sequence = ?19,
            trigger_price_e8 = ?20, expire_ns = ?21
        WHERE (updated_epoch, updated_sequence) < (?18, ?19)
        """
    static let updateOrder = """
        UPDATE orders SET status = ?4, filled_quantity_e8 = coalesce(?5, filled_quantity_e8), reason = ?6,
            updated_ns = ?7, updated_epoch = ?8, updated_sequence = ?9, price_e8 = coalesce(?10, price_e8),
            trigger_price_e8 = coalesce(?11, trigger_price_e8), quantity_e8 = coalesce(?12, quantity_e8)
        WHERE strategy_id = ?1 AND epoch = ?2 AND count = ?3 AND (updated_epoch, updated_sequence) < (?8, ?9)
        """
    static let insertFill = """
        INSERT INTO fills(strategy_id, epoch, sequence, count, order_epoch, order_count, token, side, liquidity,
            price_e8, quantity_e8, fee_e8, realized_pnl_e8, position_after_e8, average_price_after_e8, time_ns)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
        ON CONFLICT(strategy_id, epoch, sequence) DO NOTHING
        """
    static let addToPosition = """
        INSERT INTO positions(strategy_id, token, quantity_e8, average_price_e8, realized_pnl_e8, fees_e8, updated_ns,
            epoch, sequence) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
        ON CONFLICT(strategy_id, token) DO UPDATE SET quantity_e8 = ?3, average_price_e8 = ?4,
            realized_pnl_e8 = realized_pnl_e8 + ?5, fees_e8 = fees_e8 + ?6, updated_ns = ?7, epoch = ?8, sequence = ?9
        WHERE (epoch, sequence) < (?8, ?9)
        """
    static let setPosition = """
        INSERT INTO positions(strategy_id, token, quantity_e8, average_price_e8, realized_pnl_e8, fees_e8, updated_ns,
            epoch, sequence) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
        ON CONFLICT(strategy_id, token) DO UPDATE SET quantity_e8 = ?3, average_price_e8 = ?4, realized_pnl_e8 = ?5,
            fees_e8 = ?6, updated_ns = ?7, epoch = ?8, sequence = ?9
        WHERE (epoch, sequence) < (?8, ?9)
        """
}

// The words of the model's descriptions as literals, which SQLite can use without a copy.

extension Side {
    fileprivate var word: StaticString { self == .buy ? "buy" : "sell" }
}

extension OrderType {
    fileprivate var word: StaticString {
        switch self {
        case .market: "market"
        case .limit: "limit"
        case .stop: "stop"
        case .stopLimit: "stop_limit"
        case .trailingStop: "trailing_stop"
        case .marketIfTouched: "market_if_touched"
        case .limitIfTouched: "limit_if_touched"
        }
    }
}

extension TimeInForce {
    fileprivate var word: StaticString {
        switch self {
        case .gtc: "GTC"
        case .ioc: "IOC"
        case .fok: "FOK"
        case .day: "DAY"
        case .gtd: "GTD"
        }
    }
}

extension OrderStatus {
    fileprivate var word: StaticString {
        switch self {
        case .initialized: "initialized"
        case .denied: "denied"
        case .submitted: "submitted"
        case .rejected: "rejected"
        case .accepted: "accepted"
        case .partiallyFilled: "partially_filled"
        case .filled: "filled"
        case .pendingCancel: "pending_cancel"
        case .canceled: "canceled"
        case .expired: "expired"
        case .triggered: "triggered"
        case .pendingUpdate: "pending_update"
        case .held: "held"
        }
    }
}

/// Why an order was refused before it left the process; the raw value is what journals and tables hold.
public enum DenialCode: String, Sendable, CaseIterable {
    /// The token is not one of the strategy's instruments.
    case unknownInstrument = "unknown_instrument"
    /// The quantity is zero or negative.
    case nonPositiveQuantity = "non_positive_quantity"
    /// The quantity is no multiple of the instrument's quantity increment.
    case quantityIncrement = "quantity_increment"
    /// The limit price is zero or negative.
    case nonPositivePrice = "non_positive_price"
    /// The limit price is no multiple of the instrument's price increment.
    case priceIncrement = "price_increment"
    /// The trigger price is zero or negative.
    case nonPositiveTrigger = "non_positive_trigger"
    /// The trigger price is no multiple of the instrument's price increment.
    case triggerIncrement = "trigger_increment"
    /// The offset of a trailing stop is missing, not positive, 10,000 basis points or more, or in ticks of an instrument
    /// without a price increment.
    case trailingOffset = "trailing_offset"
    /// A GTD order without an expire time in the future.
    case expireTime = "expire_time"
    /// Post-only on an order without a limit price, or on one that may not rest (IOC, FOK).
    case postOnly = "post_only_invalid"
    /// Another order of its list was denied, or the orders of a list are of several instruments.
    case orderList = "order_list"
    /// A change to a quantity that has filled already, or less.
    case modifyBelowFilled = "modify_below_filled"
    /// A change of something that orders of this type do not have, or of nothing.
    case modifyTerms = "modify_terms"
    /// A change while another one or a cancel is under way, or before the order was sent.
    case modifyPending = "modify_pending"
    /// A change of an order that has ended.
    case modifyClosed = "modify_closed"
    /// A change of the quantity of an order whose quantity follows from its list.
    case modifyLinked = "modify_linked"
    /// Reduce-only without a position to reduce.
    case reduceOnly = "reduce_only"
    /// The strategy is paused.
    case paused = "paused"
    /// Warm-up, of a backtest or from the day's recording: the strategy only watches.
    case warmingUp = "warming_up"
    /// The journal cannot be written, because the disk is full; an order that is not on record must not go out.
    case journalBlocked = "journal_blocked"
    /// The venue cannot be reached; whether an order arrived there could not be told.
    case venueUnavailable = "venue_unavailable"
    /// Trading in the instrument is halted by its venue.
    case halted = "halted"
    /// The engine has ended.
    case stopped = "stopped"
    /// Below the limit `min_order_quantity`.
    case minOrderQuantity = "min_order_quantity"
    /// Above the limit `max_order_quantity`.
    case maxOrderQuantity = "max_order_quantity"
    /// Above the limit `max_order_notional`, or beyond what an account can hold.
    case maxOrderNotional = "max_order_notional"
    /// The position could pass the limit `max_position` if all open orders of that side filled.
    case maxPosition = "max_position"
    /// The value of the position could pass the limit `max_position_notional`, or what an account can hold.
    case maxPositionNotional = "max_position_notional"
    /// The values of all positions together could pass the limit `max_total_notional`.
    case maxTotalNotional = "max_total_notional"
    /// The price is further from the market than `price_collar_percent`.
    case priceCollar = "price_collar"
    /// The fall from the account's peak reached `max_drawdown`; what passes until trading is resumed says
    /// `breach_action`.
    case maxDrawdown = "max_drawdown"
    /// A fill took the account beyond what it can hold; trading is halted.
    case accountRange = "account_range"
    /// Trading is halted, by an operator or by `breach_action`.
    case tradingHalted = "trading_halted"
    /// Only orders that reduce a position pass, by an operator's word.
    case reducingOnly = "reducing_only"
    /// Positions are being closed.
    case flattening = "flattening"
    /// The day's loss reached `max_daily_loss`; what passes until the next UTC day says `breach_action`.
    case maxDailyLoss = "max_daily_loss"
    /// More orders within a second than `max_orders_per_second`.
    case maxOrdersPerSecond = "max_orders_per_second"
    /// More orders within a minute than `max_orders_per_minute`.
    case maxOrdersPerMinute = "max_orders_per_minute"
    /// As many orders are open as `max_open_orders` allows.
    case maxOpenOrders = "max_open_orders"
    /// Too many orders are open.
    case tooManyOpenOrders = "too_many_open_orders"
    /// Too many commands came out of one record.
    case tooManyCommands = "too_many_commands"
}

package import TradingModel

/// How a CSV file is to be read; all but the preset is recognised from the file unless given.
package struct CSVImportOptions: Sendable {
    /// What the rows are.
    package enum Preset: String, Sendable, CaseIterable {
        /// Bid and ask, with sizes where there are any.
        case quotes
        /// Price and size, with side and id where there are any.
        case trades
        /// Open, high, low, close, and volume where there is one; stamped at the bar's close.
        case ohlcv
    }

    /// What is done with rows that cannot be read.
    package enum BadRowPolicy: String, Sendable, CaseIterable {
        /// The import fails, telling the first ones; nothing is written.
        case refuse
        /// They are left out, counted and told.
        case skip
    }

    /// What is done when receive times go back.
    package enum OrderPolicy: String, Sendable, CaseIterable {
        /// The import fails, telling the line.
        case refuse
        /// Records are sorted in memory by receive time, equal ones in the order of their rows; at most
        /// `Limits.sortedRecordsMax`.
        case sort
    }

    /// What the rows are.
    package var preset: Preset
    /// The instrument of all rows; needed when the file has no column of symbols.
    package var symbol: String?
    /// Category and currency of the instruments.
    package var category = "default", currency = "USD"
    /// The price increment; `nil` takes the finest decimals seen.
    package var priceIncrement: Price?
    /// The quantity increment; `nil` takes the finest decimals seen.
    package var quantityIncrement: Quantity?
    /// Columns by the raw value of a `CSVField`, such as `["time": .position(0)]`; they go before recognised
    /// ones.
    package var columns: [String: CSVColumn] = [:]
    /// Whether the first row names the columns; `nil` looks.
    package var hasHeader: Bool?
    /// The byte between cells; `nil` takes the most frequent of comma, semicolon and tab in the first row.
    package var delimiter: UInt8?
    /// The unit of times that are plain numbers; `nil` goes by the magnitude in the first row, held for the
    /// file.
    package var timeUnit: CSVTimeUnit?
    /// Seconds east of UTC of times without a zone; -18000 for EST.
    package var zoneOffsetSeconds: Int64 = 0
    /// What is done with rows that cannot be read.
    package var badRows = BadRowPolicy.refuse
    /// What is done when receive times go back.
    package var order = OrderPolicy.refuse
    /// The length of the bars; `nil` takes the smallest distance of the first rows.
    package var barDuration: Duration?
    /// Whether the time column holds the close of a bar; otherwise its open.
    package var isBarTimeClose = false

    package init(preset: Preset, symbol: String? = nil) {
        self.preset = preset
        self.symbol = symbol
    }
}

/// Where a field is found.
package enum CSVColumn: Equatable, Sendable {
    /// By the header's text, case and ` _-` aside.
    case name(String)
    /// By position, from 0.
    case position(Int)
}

/// The unit of times that are plain numbers since 1970.
package enum CSVTimeUnit: String, Sendable, CaseIterable {
    case seconds = "s"
    case milliseconds = "ms"
    case microseconds = "us"
    case nanoseconds = "ns"

    /// Nanoseconds in one.
    var nanoseconds: Int64 {
        switch self {
        case .seconds: 1_000_000_000
        case .milliseconds: 1_000_000
        case .microseconds: 1000
        case .nanoseconds: 1
        }
    }

    /// The unit in which a number is a time from 1973 to 5138.
    init(magnitudeOf value: Int64) {
        switch value.magnitude {
        case ..<100_000_000_000: self = .seconds
        case ..<100_000_000_000_000: self = .milliseconds
        case ..<100_000_000_000_000_000: self = .microseconds
        default: self = .nanoseconds
        }
    }
}

/// What a column of a CSV file may hold.
package enum CSVField: String, CaseIterable, Sendable {
    case time, symbol, bid, ask, price, size, side, id, open, high, low, close, volume
    case receiveTime = "receive_time"
    case closeTime = "close_time"
    case bidSize = "bid_size"
    case askSize = "ask_size"
    case isBuyerMaker = "is_buyer_maker"

    /// Header texts people use, without case and ` _-`, the most telling first.
    var synonyms: [String] {
        switch self {
        case .time:
            [
                "timestamp", "tsns", "ts", "datetime", "eventtime", "exchangetime", "exchangetimestamp",
                "transacttime",
                "tsevent", "opentime", "time", "date", "gmttime",
            ]
        case .receiveTime:
            [
                "localtimestamp", "receivetime", "receivetimestamp", "receivedat", "recvtime", "recvts",
                "localtime", "tsrecv",
            ]
        case .closeTime: ["closetime"]
        case .symbol: ["symbol", "instrument", "ticker"]
        case .bid: ["bid", "bidprice", "bestbid", "bestbidprice", "bidpx00", "b", "p1"]
        case .ask: ["ask", "askprice", "bestask", "bestaskprice", "askpx00", "offer", "a", "p2"]
        case .bidSize:
            ["bidsize", "bidamount", "bidqty", "bidquantity", "bidvolume", "bestbidqty", "bidsz00", "q1"]
        case .askSize:
            ["asksize", "askamount", "askqty", "askquantity", "askvolume", "bestaskqty", "asksz00", "q2"]
        case .price: ["price", "last", "lastprice", "tradeprice", "p"]
        case .size: ["quantity", "size", "amount", "qty", "volume", "lastsize", "tradesize", "q"]
        case .side: ["side", "aggressor", "aggressorside", "takerside"]
        case .isBuyerMaker: ["isbuyermaker", "buyermaker"]
        case .id: ["id", "tradeid", "aggtradeid"]
        case .open: ["open", "openprice", "o"]
        case .high: ["high", "highprice", "h"]
        case .low: ["low", "lowprice", "l"]
        case .close: ["close", "closeprice", "c"]
        case .volume: ["volume", "vol", "quantity", "qty", "amount", "v"]
        }
    }
}

extension CSVImportOptions.Preset {
    /// The fields a row of this preset may have.
    var fields: [CSVField] {
        switch self {
        case .quotes: [.time, .receiveTime, .symbol, .bid, .ask, .bidSize, .askSize]
        case .trades: [.time, .receiveTime, .symbol, .price, .size, .side, .isBuyerMaker, .id]
        case .ohlcv: [.time, .closeTime, .symbol, .open, .high, .low, .close, .volume]
        }
    }

    /// The fields a row must have besides a time.
    var requiredFields: [CSVField] {
        switch self {
        case .quotes: [.bid, .ask]
        case .trades: [.price, .size]
        case .ohlcv: [.open, .high, .low, .close]
        }
    }

    /// What the columns of a file without header are taken for; none when their number does not tell.
    ///
    /// The fourth of four quote columns is a volume of neither side and is left out.
    func positionalFields(columnCount: Int) -> [CSVField] {
        switch (self, columnCount) {
        case (.quotes, 3), (.quotes, 4): [.time, .bid, .ask]
        case (.quotes, 5): [.time, .bid, .ask, .bidSize, .askSize]
        case (.trades, 3): [.time, .price, .size]
        case (.ohlcv, 5): [.time, .open, .high, .low, .close]
        case (.ohlcv, 6): [.time, .open, .high, .low, .close, .volume]
        default: []
        }
    }
}

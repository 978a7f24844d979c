/// The formats that the import knows by name: which columns there are, and what their numbers mean.
///
/// | name | layout |
/// |---|---|
/// | `quotes`, `trades`, `ohlcv` | plain columns, found by the names people use; see `CSVField.synonyms` |
/// | `records` | what `ticks export` writes: records of all kinds, see `RecordTextImporter` |
/// | `binance_trades` | spot and futures archives, with and without header: id, price, qty, quote qty, time, buyer is maker |
/// | `binance_agg_trades` | aggregate id, price, quantity, first id, last id, time, buyer is maker |
/// | `binance_klines` | open time, open, high, low, close, volume, close time, quote volume, count, ... |
/// | `databento_trades` | `trades` schema as CSV; rows of another action than T are left out |
/// | `databento_mbp1` | `mbp-1`, `tbbo` and `bbo` schemas: each row gives a quote, and a trade after it when its action is T |
/// | `databento_ohlcv` | `ohlcv-1s` to `ohlcv-1d`; the bar's length is told by `rtype` |
/// | `tardis_trades`, `tardis_quotes` | exchange, symbol, timestamp, local_timestamp, ...; microseconds |
/// | `truefx` | archive rows `EUR/USD,20090501 00:00:00.123,bid,ask` and the layout `ts_ns,token,type,p1,p2,q1,q2` |
/// | `dukascopy` | ticks `Gmt time,Ask,Bid,AskVolume,BidVolume` and bars; day first or year first; volumes in millions |
/// | `histdata` | ticks `YYYYMMDD HHMMSSmmm,bid,ask,0`, M1 bars with `;`, M1 bars of MetaTrader and NinjaTrader; not NinjaTrader's ticks, which have one side; EST without daylight saving |
///
/// Binance writes milliseconds, since 2025 microseconds in spot files; the magnitude of the first row decides
/// for the file. The side of a trade is the taker's: sell when the buyer was the maker. Databento prices are
/// decimals, or whole numbers of 10^-9 when they have no point; the first price decides for the file. A side
/// of the book that is empty or undefined makes no quote: such rows are left out and counted.
package enum ImportFormat: String, Sendable, CaseIterable {
    case quotes, trades, ohlcv, records, truefx, dukascopy, histdata
    case binanceTrades = "binance_trades"
    case binanceAggregateTrades = "binance_agg_trades"
    case binanceKlines = "binance_klines"
    case databentoTrades = "databento_trades"
    case databentoTopOfBook = "databento_mbp1"
    case databentoBars = "databento_ohlcv"
    case tardisTrades = "tardis_trades"
    case tardisQuotes = "tardis_quotes"

    /// Finds a format by its name, with `-` for `_`, in any case, and by the other names its files have.
    package init?(name: String) {
        let key = String(name.lowercased().map { $0 == "-" ? "_" : $0 })
        switch key {
        case "databento_tbbo", "databento_mbp_1", "databento_bbo": self = .databentoTopOfBook
        case "tardis_book_ticker": self = .tardisQuotes
        case "binance_aggtrades": self = .binanceAggregateTrades
        case "truefx_quotes": self = .truefx
        case "dukascopy_ticks", "dukascopy_bars": self = .dukascopy
        case "histdata_quotes", "histdata_ticks", "histdata_m1", "histdata_bars": self = .histdata
        default: self.init(rawValue: key)
        }
    }

    /// What its rows are unless the columns show that they are bars.
    var preset: CSVImportOptions.Preset {
        switch self {
        // `records` is read by `RecordTextImporter` and never gets here.
        case .quotes, .records, .truefx, .dukascopy, .histdata, .tardisQuotes: .quotes
        case .trades, .binanceTrades, .binanceAggregateTrades, .databentoTrades, .tardisTrades: .trades
        case .ohlcv, .binanceKlines, .databentoBars: .ohlcv
        case .databentoTopOfBook: .quotesAndTrades
        }
    }

    /// Whether its files are ticks or bars as the columns show.
    var mayBeBars: Bool { self == .dukascopy || self == .histdata }

    /// Whether whole prices are units of 10^-9, and undefined ones are the largest number.
    var hasNanoPrices: Bool {
        self == .databentoTrades || self == .databentoTopOfBook || self == .databentoBars
    }

    /// Whether a quote with an empty side is no fault of the row: it is left out.
    var hasOneSidedQuotes: Bool { self == .databentoTopOfBook || self == .tardisQuotes }

    /// Whether a trade's id may be empty or a text; it is 0 then.
    var hasForeignIDs: Bool { self == .tardisTrades }

    /// Whether a bar's close time is its last moment, one unit before the next bar.
    var hasInclusiveCloseTime: Bool { self == .binanceKlines }

    /// Sizes are the file's numbers times ten to this power.
    var sizeExponent: Int { self == .dukascopy ? 6 : 0 }

    /// The order of year, month and day where the year is not first.
    var dateOrder: CSVImportOptions.DateOrder? { self == .dukascopy ? .dayFirst : nil }

    /// The zone of its times.
    var zone: CSVZone { self == .histdata ? .fixed(secondsEast: -5 * 3600) : .utc }

    /// Fields by header texts, without case and ` _-`, that go before the common synonyms.
    var names: [(text: String, field: CSVField)] {
        switch self {
        case .databentoTrades, .databentoTopOfBook, .databentoBars:
            [
                ("tsevent", .time), ("tsrecv", .receiveTime), ("symbol", .symbol),
                ("instrumentid", .symbol), ("action", .action), ("flags", .flags), ("rtype", .barType),
            ]
        case .truefx: [("tsns", .time), ("token", .symbol), ("type", .recordType)]
        case .dukascopy: [("gmttime", .time), ("localtime", .time)]
        default: []
        }
    }

    /// The fields of a file without header by the number of its columns; `nil` for those without use.
    func fields(columnCount: Int, delimiter: UInt8) -> [CSVField?] {
        switch (self, columnCount) {
        case (.quotes, 3), (.quotes, 4): [.time, .bid, .ask]
        case (.quotes, 5): [.time, .bid, .ask, .bidSize, .askSize]
        case (.trades, 3): [.time, .price, .size]
        case (.ohlcv, 5): [.time, .open, .high, .low, .close]
        case (.ohlcv, 6): [.time, .open, .high, .low, .close, .volume]
        case (.binanceTrades, 6), (.binanceTrades, 7): [.id, .price, .size, nil, .time, .isBuyerMaker]
        case (.binanceAggregateTrades, 7), (.binanceAggregateTrades, 8):
            [.id, .price, .size, nil, nil, .time, .isBuyerMaker]
        case (.binanceKlines, 12):
            [.time, .open, .high, .low, .close, .volume, .closeTime, .turnover, .tradeCount]
        case (.truefx, 4): [.symbol, .time, .bid, .ask]
        case (.dukascopy, 5): [.time, .ask, .bid, .askSize, .bidSize]
        case (.dukascopy, 6), (.histdata, 6): [.time, .open, .high, .low, .close, .volume]
        case (.histdata, 3), (.histdata, 4): [.time, .bid, .ask]
        case (.histdata, 7): [.date, .time, .open, .high, .low, .close, .volume]
        default: []
        }
    }
}

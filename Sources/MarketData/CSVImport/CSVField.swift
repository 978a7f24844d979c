/// What a column of a CSV file may hold.
package enum CSVField: String, CaseIterable, Sendable {
    case time, date, symbol, bid, ask, price, size, side, id, open, high, low, close, volume, turnover
    case action, flags
    case receiveTime = "receive_time"
    case closeTime = "close_time"
    case bidSize = "bid_size"
    case askSize = "ask_size"
    case isBuyerMaker = "is_buyer_maker"
    case tradeCount = "trade_count"
    case recordType = "record_type"
    case barType = "bar_type"

    /// What kind of value it is.
    enum Value {
        case time, date, symbol, price, size, integer, side, maker, letter
    }

    var value: Value {
        switch self {
        case .time, .receiveTime, .closeTime: .time
        case .date: .date
        case .symbol: .symbol
        case .bid, .ask, .price, .open, .high, .low, .close: .price
        case .bidSize, .askSize, .size, .volume, .turnover: .size
        case .id, .flags, .tradeCount, .barType: .integer
        case .side: .side
        case .isBuyerMaker: .maker
        case .action, .recordType: .letter
        }
    }

    /// Its place among all fields, from 0, in the order of `allCases`; a literal, so that the optimiser sees it.
    @inline(__always) var index: Int {
        switch self {
        case .time: 0
        case .date: 1
        case .symbol: 2
        case .bid: 3
        case .ask: 4
        case .price: 5
        case .size: 6
        case .side: 7
        case .id: 8
        case .open: 9
        case .high: 10
        case .low: 11
        case .close: 12
        case .volume: 13
        case .turnover: 14
        case .action: 15
        case .flags: 16
        case .receiveTime: 17
        case .closeTime: 18
        case .bidSize: 19
        case .askSize: 20
        case .isBuyerMaker: 21
        case .tradeCount: 22
        case .recordType: 23
        case .barType: 24
        }
    }

    /// Header texts people use, without case and ` _-`, the most telling first.
    var synonyms: [String] {
        switch self {
        case .time:
            [
                "timestamp", "tsns", "ts", "datetime", "transactiontime", "eventtime", "exchangetime",
                "exchangetimestamp",
                "transacttime", "tsevent", "opentime", "time", "date", "gmttime",
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
        case .turnover: ["turnover", "quotevolume", "quoteassetvolume"]
        case .tradeCount: ["tradecount", "numberoftrades", "count"]
        // Only where a format or the user says so: other files mean other things by these names.
        case .date, .action, .flags, .recordType, .barType: []
        }
    }
}

extension CSVImportOptions.Preset {
    /// The fields a row of this preset may have.
    var fields: [CSVField] {
        switch self {
        case .quotes:
            [.time, .date, .receiveTime, .symbol, .bid, .ask, .bidSize, .askSize, .flags, .recordType]
        case .trades:
            [
                .time, .date, .receiveTime, .symbol, .price, .size, .side, .isBuyerMaker, .id, .action,
                .flags,
            ]
        case .ohlcv:
            [
                .time, .date, .closeTime, .symbol, .open, .high, .low, .close, .volume, .turnover,
                .tradeCount, .barType,
            ]
        case .quotesAndTrades:
            [
                .time, .date, .receiveTime, .symbol, .bid, .ask, .bidSize, .askSize, .price, .size, .side,
                .action, .flags,
            ]
        }
    }

    /// The fields a row must have besides a time.
    var requiredFields: [CSVField] {
        switch self {
        case .quotes, .quotesAndTrades: [.bid, .ask]
        case .trades: [.price, .size]
        case .ohlcv: [.open, .high, .low, .close]
        }
    }
}

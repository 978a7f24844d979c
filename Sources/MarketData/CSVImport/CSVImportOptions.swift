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
        /// A book's best bid and ask after or before each event, and the event's trade if it is one.
        case quotesAndTrades = "quotes_and_trades"
    }

    /// What is done with rows that cannot be read.
    package enum BadRowPolicy: String, Sendable, CaseIterable {
        /// The import fails, telling the first ones; nothing is written.
        case refuse
        /// They are left out, counted and told.
        case skip
    }

    /// What is done when receive times go back.
    package enum OrderPolicy: Equatable, Sendable {
        /// Nothing is put in order: what comes late is late.
        case refuse
        /// Records are sorted in memory by receive time, equal ones in the order of their rows; at most
        /// `Limits.sortedRecordsMax`.
        case sort
        /// Records that come at most so late are put in their place.
        case window(Duration)
    }

    /// What is done with a row whose bid is above its ask.
    package enum CrossedPolicy: String, Sendable, CaseIterable {
        /// It is a bad row.
        case bad
        /// It is taken as it is.
        case keep
    }

    /// What is done with prices and quantities that are no multiple of a given increment.
    package enum IncrementPolicy: String, Sendable, CaseIterable {
        /// The row is a bad row.
        case bad
        /// It is taken as it is, counted and told.
        case warn
    }

    /// The order of the parts of a date.
    package enum DateOrder: String, Sendable, CaseIterable {
        case yearFirst = "ymd"
        case dayFirst = "dmy"
        case monthFirst = "mdy"
    }

    /// What the rows are.
    package var preset: Preset
    /// The vendor's format that fills in what is not given here.
    package var format: ImportFormat
    /// The instrument of all rows; needed when the file has no column of symbols.
    package var symbol: String?
    /// Category and currency of the instruments.
    package var category = "default", currency = "USD"
    /// What is known of instruments already: their token, increments, category and currency hold.
    package var instruments: [Instrument] = []
    /// The price increment; `nil` takes the finest decimals seen.
    package var priceIncrement: Price?
    /// The quantity increment; `nil` takes the finest decimals seen.
    package var quantityIncrement: Quantity?
    /// What is done with values that are no multiple of a given increment.
    package var offIncrement = IncrementPolicy.bad
    /// Columns by the raw value of a `CSVField`, such as `["time": .position(0)]`; they go before recognised
    /// ones.
    package var columns: [String: CSVColumn] = [:]
    /// Whether the first row names the columns; `nil` looks.
    package var hasHeader: Bool?
    /// The byte between cells; `nil` takes the most frequent of comma, semicolon and tab in the first row.
    package var delimiter: UInt8?
    /// The byte before decimals: a point or a comma.
    package var decimalMark: UInt8 = 0x2E
    /// The unit of times that are plain numbers; `nil` goes by the magnitude in the first row, held for the
    /// file.
    package var timeUnit: CSVTimeUnit?
    /// The order of year, month and day; `nil` takes the year first and refuses other dates as ambiguous.
    package var dateOrder: DateOrder?
    /// The zone of times without one; `nil` is UTC, or what the format says.
    package var zone: CSVZone?
    /// Prices are the file's numbers times ten to this power; below zero the file's numbers must be whole.
    package var priceExponent = 0
    /// Sizes are the file's numbers times ten to this power; `nil` is what the format says, mostly 0.
    package var sizeExponent: Int?
    /// What is done with rows that cannot be read.
    package var badRows = BadRowPolicy.refuse
    /// What is done when receive times go back.
    package var order = OrderPolicy.refuse
    /// What is done with rows that come later than `order` allows: the import fails, telling the line, or they are left
    /// out, counted and told as bad rows are. Rows that cannot be read are another matter, `badRows`.
    package var outOfOrder = BadRowPolicy.refuse
    /// What is done with a row whose bid is above its ask.
    package var crossed = CrossedPolicy.bad
    /// The length of the bars; `nil` takes the smallest distance of the first rows.
    package var barDuration: Duration?
    /// Whether the time column holds the close of a bar; otherwise its open.
    package var isBarTimeClose = false

    /// Rows of a plain layout.
    package init(preset: Preset, symbol: String? = nil) {
        self.preset = preset
        self.symbol = symbol
        format =
            switch preset {
            case .quotes, .quotesAndTrades: .quotes
            case .trades: .trades
            case .ohlcv: .ohlcv
            }
    }

    /// A vendor's format.
    package init(format: ImportFormat, symbol: String? = nil) {
        self.init(preset: format.preset, symbol: symbol)
        self.format = format
    }

    /// Seconds east of UTC of times without a zone; -18000 for EST.
    package var zoneOffsetSeconds: Int64 {
        get { if case .fixed(let seconds) = zone { seconds } else { 0 } }
        set { zone = .fixed(secondsEast: newValue) }
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

import TradingModel

extension Timestamp {
    /// A time as RFC 3339 writes it, in either case. What a timestamp cannot hold, before 1677 or after 2262, becomes
    /// the nearest one that it can; `nil` for other texts.
    init?(rfc3339 text: String) {
        let text = text.uppercased()
        if let found = Timestamp(iso8601: text) {
            self = found
            return
        }
        guard let year = Int(text.prefix(4)), !(1_678...2_261).contains(year) else { return nil }
        // Its form is right when the same moment of a year is that can be held.
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        guard Timestamp(iso8601: (isLeap ? "1972" : "1973") + text.dropFirst(4)) != nil else { return nil }
        self.init(nanoseconds: year < 1_970 ? .min : .max)
    }
}

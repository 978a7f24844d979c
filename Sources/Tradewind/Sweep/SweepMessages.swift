import TradingModel

/// What a worker of a sweep is told first: all but the swept parameters.
struct SweepJob: Codable, Sendable {
    /// A name and a text, as on the command line.
    struct Setting: Codable, Sendable {
        var name: String
        var text: String
    }

    var className: String
    var files: [String]
    var symbols: [String]
    var parameters: [Setting]
    var venue: [Setting]
    var limits: [Setting]
    var seed: UInt64
    var daysPerYear: Double
    var warmUpRecords: Int?
    var warmUpSeconds: Int64?
}

/// One run that a worker is asked for, a line of JSON.
struct SweepRequest: Codable, Sendable {
    var window: Int
    var number: Int
    var parameters: [SweepJob.Setting]
    /// Nanoseconds; `nil` for the ends of the data.
    var from: Int64?
    var until: Int64?
}

/// What came of it, a line of JSON.
struct SweepAnswer: Codable, Sendable {
    /// Why there is no result: the same every time, so it is not tried again.
    var error: String?
    /// Figures by name; undefined ones are missing.
    var figures: [String: Double]
    var orderCount: UInt64
    var fillCount: UInt64
    var orderLogHash: String
    var seconds: Double
}

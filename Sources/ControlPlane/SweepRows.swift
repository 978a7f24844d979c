import GRDB

/// A point of a sweep that has been tried, a row of `points`.
package struct SweepPointRow: Equatable, Sendable {
    /// What became of it.
    package enum Status: String, Sendable { case completed, failed }

    /// The walk-forward window it belongs to; 0 in a sweep.
    package var window: Int
    /// Its number in the whole sweep, from 0.
    package var number: Int
    /// The swept parameters, a JSON object.
    package var parametersJSON: String
    package var status: Status
    /// How often it was tried.
    package var attempts: Int
    /// Why it failed.
    package var error: String?
    /// The figure that the sweep is about; `nil` when it is not defined or the point failed.
    package var objective: Double?
    /// All figures, a JSON object.
    package var figuresJSON: String
    package var orderCount: Int64
    package var fillCount: Int64
    package var orderLogHash: String?
    /// How long it took.
    package var seconds: Double

    package init(
        window: Int = 0, number: Int, parametersJSON: String, status: Status, attempts: Int,
        error: String? = nil,
        objective: Double? = nil, figuresJSON: String = "{}", orderCount: Int64 = 0, fillCount: Int64 = 0,
        orderLogHash: String? = nil, seconds: Double = 0
    ) {
        self.window = window
        self.number = number
        self.parametersJSON = parametersJSON
        self.status = status
        self.attempts = attempts
        self.error = error
        self.objective = objective
        self.figuresJSON = figuresJSON
        self.orderCount = orderCount
        self.fillCount = fillCount
        self.orderLogHash = orderLogHash
        self.seconds = seconds
    }

    static let columns = """
        window, number, parameters, status, attempts, error, objective, figures, order_count, fill_count, \
        order_log_hash, seconds
        """

    init(_ row: Row) throws {
        window = row[0]
        number = row[1]
        parametersJSON = row[2]
        status = try row.word(3)
        attempts = row[4]
        error = row[5]
        objective = row[6]
        figuresJSON = row[7]
        orderCount = row[8]
        fillCount = row[9]
        orderLogHash = row[10]
        seconds = row[11]
    }

    var arguments: StatementArguments {
        [
            window, number, parametersJSON, status.rawValue, attempts, error, objective, figuresJSON,
            orderCount,
            fillCount, orderLogHash, seconds,
        ]
    }
}

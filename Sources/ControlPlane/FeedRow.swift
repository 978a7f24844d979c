import GRDB

/// A row of `feeds`: a source of market data.
package struct FeedRow: Equatable, Sendable {
    package let id: String
    package let name: String
    /// A registered feed name such as `file`, `socket` or `synthetic`.
    package let kind: String
    package let configJSON: String
    package let isEnabled: Bool
    /// Never active or paused after its first start.
    package let status: StrategyStatus
    package let reason: String
    /// What stands for the feed in messages, 1 to 65,535.
    package let number: UInt16
    /// Counts edits of kind and configuration.
    package let configGeneration: Int64
    /// Whether it is recorded; `nil` leaves that to the setting `record_by_default`.
    package let isRecorded: Bool?
    /// How its source and its data are; empty while nobody says.
    package let health: String
    /// What the feed says of itself.
    package let detail: String

    static let columns =
        "id, name, kind, config_json, enabled, status, reason, number, config_generation, record, health, detail"

    init(_ row: Row) throws {
        id = row[0]
        name = row[1]
        kind = row[2]
        configJSON = row[3]
        isEnabled = row[4]
        status = try row.word(5)
        reason = row[6]
        number = row[7]
        configGeneration = row[8]
        isRecorded = row[9]
        health = row[10]
        detail = row[11]
    }
}

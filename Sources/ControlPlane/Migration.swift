/// One step of the schema's history; the manager applies those above the database's `user_version`, each in a
/// transaction of its own.
package struct Migration: Sendable {
    /// The `user_version` after this step.
    package let version: Int
    /// What brings the version before it here; plain SQL without transaction statements.
    package let sql: String

    package init(version: Int, sql: String) {
        self.version = version
        self.sql = sql
    }

    /// All steps in order. `schema.sql` is always the newest schema, so the first is never applied.
    package static let all: [Migration] = [Migration(version: 1, sql: "")]
}

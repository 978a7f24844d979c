import GRDB
import GRDBSQLite

/// A prepared statement whose first parameter stays bound over many runs and whose others are bound one by
/// one.
struct BoundStatement {
    /// Keeps the prepared statement alive.
    private let owner: Statement
    private var handle: OpaquePointer { owner.sqliteStatement }

    init(_ statement: Statement) { owner = statement }

    /// Binds the first parameter without a copy: the text must stay until `clear`.
    func bindPersistent(_ text: UnsafePointer<CChar>) {
        sqlite3_reset(handle)
        sqlite3_bind_text(handle, 1, text, -1, nil)
    }

    /// Binds the second parameter and those after it in order.
    func binding() -> Binding { Binding(handle: handle) }

    /// Runs it to its end and makes it ready for the next binding; throws what SQLite says.
    func run(_ connection: OpaquePointer) throws {
        let code = sqlite3_step(handle)
        // The message belongs to the step; a reset may change it.
        let failure = code == SQLITE_DONE ? nil : String(cString: sqlite3_errmsg(connection))
        sqlite3_reset(handle)
        if let failure {
            throw DatabaseError(resultCode: ResultCode(rawValue: code), message: failure)
        }
    }

    /// Takes all bindings away.
    func clear() {
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
    }

    /// Binds values in order. sqlite3_bind_* fail only for a wrong index or while the statement runs, neither
    /// of which happens here.
    struct Binding {
        fileprivate let handle: OpaquePointer
        private var index: Int32 = 1

        fileprivate init(handle: OpaquePointer) { self.handle = handle }

        mutating func add(_ value: Int64) {
            index += 1
            sqlite3_bind_int64(handle, index, value)
        }

        /// A number, or NULL.
        mutating func add(_ value: Int64?) {
            index += 1
            if let value {
                sqlite3_bind_int64(handle, index, value)
            } else {
                sqlite3_bind_null(handle, index)
            }
        }

        /// A text that SQLite copies, or NULL.
        mutating func add(copying text: String?) {
            guard let text else {
                index += 1
                sqlite3_bind_null(handle, index)
                return
            }
            add(copying: text)
        }

        /// A literal, which needs no copy.
        mutating func add(_ word: StaticString) {
            index += 1
            word.withUTF8Buffer { bytes in
                bytes.withMemoryRebound(to: CChar.self) { characters in
                    _ = sqlite3_bind_text(handle, index, characters.baseAddress, Int32(characters.count), nil)
                }
            }
        }

        /// A text that SQLite copies.
        mutating func add(copying text: String) {
            index += 1
            // SQLITE_TRANSIENT, a C macro of the value -1 that Swift does not import.
            let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
            sqlite3_bind_text(handle, index, text, -1, transient)
        }
    }
}

/// Something that can write all it remembers and take it back, so that it goes on bit for bit as if it had never
/// been interrupted. All indicators conform; a strategy's `save` and `load` pass them to a writer and a reader.
public protocol StateSaving {
    /// Writes all that a later `load` needs.
    func save(to writer: inout StateWriter)

    /// Takes back what `save` of a value made with the same settings wrote.
    ///
    /// - Throws: `StateError` when the bytes end too early or come from other settings; this value is then not
    ///   to be used.
    mutating func load(from reader: inout StateReader) throws(StateError)
}

/// Saved state that cannot be taken back.
public struct StateError: Error, Equatable, CustomStringConvertible {
    /// What is wrong.
    public let description: String

    /// Makes an error with an explanation.
    public init(_ description: String) { self.description = description }
}

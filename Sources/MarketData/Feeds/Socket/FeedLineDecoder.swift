import TradingModel

/// Turns the lines of one connection into records.
protocol FeedLineDecoder {
    /// Appends the records of a line, at most two, without sequence and receive time; none for a header.
    ///
    /// - Throws: why the line is none that is understood.
    mutating func decode(
        _ line: UnsafeBufferPointer<UInt8>, into records: FeedChunk
    ) throws(FeedLineProblem)

    /// The symbol for which a record of the last line bears a token.
    func symbol(of token: InstrumentToken) -> String?
}

/// Why a line of a socket feed gave no record.
struct FeedLineProblem: Error {
    let reason: String
}

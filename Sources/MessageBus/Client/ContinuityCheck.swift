internal import TradingModel

/// Finds out whether records of a token are missing between two frames, however they were lost.
///
/// A counted frame says how many records of its token its feed had sent before, modulo 65,536. The first frame of a token
/// sets the expectation; a jump is a loss, unless the broker announced it with a gap frame on the same connection. A feed
/// whose sequence does not rise was started anew and counts from 0 again. Pure; confined to its client's event loop.
struct ContinuityCheck {
    private struct Source {
        var number: UInt16
        var lastSequence: UInt64 = 0
        var run: UInt32 = 1
        /// Records that gap frames announced and no jump has shown yet.
        var announced: UInt64 = 0
    }

    private let table = TokenTable()
    private var sources: [Source] = []
    private var lastIndex = 0

    /// Records of the frame's token that are missing before it; 0 when none is, or when nothing can be said.
    mutating func missing(before prefix: RecordsPrefix, firstSequence: UInt64, lastSequence: UInt64) -> UInt64
    {
        let index = sourceIndex(prefix.source)
        if firstSequence > 0 {
            if firstSequence <= sources[index].lastSequence { sources[index].run &+= 1 }
            sources[index].lastSequence = lastSequence
        }
        let entry = table.entry(token: prefix.token, source: prefix.source)
        let isKnown = entry.pointee.run == sources[index].run
        let jump = UInt64(prefix.ordinal &- entry.pointee.next)
        entry.pointee.run = sources[index].run
        entry.pointee.next = prefix.ordinal &+ UInt16(truncatingIfNeeded: prefix.recordCount)
        guard isKnown, jump > 0 else { return 0 }
        return unannounced(jump, at: index)
    }

    /// The broker said that it dropped records.
    mutating func announce(_ gap: BusGap) {
        if gap.source == BusGap.severalSources {
            for index in sources.indices { sources[index].announced += gap.droppedCount }
        } else {
            sources[sourceIndex(gap.source)].announced += gap.droppedCount
        }
    }

    /// A new connection: what the last one announced explains nothing any more.
    mutating func beginConnection() {
        for index in sources.indices { sources[index].announced = 0 }
    }

    /// The subscriptions changed: a token may come back after any number of records that nobody asked for.
    mutating func forgetTokens() { table.removeAll() }

    private mutating func unannounced(_ jump: UInt64, at index: Int) -> UInt64 {
        let explained = min(jump, sources[index].announced)
        sources[index].announced -= explained
        return jump - explained
    }

    private mutating func sourceIndex(_ number: UInt16) -> Int {
        if lastIndex < sources.count, sources[lastIndex].number == number { return lastIndex }
        if let index = sources.firstIndex(where: { $0.number == number }) {
            lastIndex = index
        } else {
            sources.append(Source(number: number))
            lastIndex = sources.count - 1
        }
        return lastIndex
    }
}

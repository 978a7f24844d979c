import TestSupport
import Testing

extension JournalAccount {
    /// Asks the oracle about a home whose manager has stopped, of whose journals this is the account; records an issue
    /// with every complaint.
    func expectSame(as engine: EngineHome, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let found = try Oracle(home: engine.home).complaintsAtRest(self)
        #expect(found == [], sourceLocation: sourceLocation)
    }
}

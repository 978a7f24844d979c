import GRDB
import TradingModel

extension Row {
    /// The word of an enumeration; throws `corrupt` when this program does not know it.
    func word<Word: RawRepresentable<String>>(_ index: Int) throws -> Word {
        let text: String = self[index]
        guard let word = Word(rawValue: text) else {
            throw ControlError(.corrupt, "the database holds the word \(text), which is no \(Word.self)")
        }
        return word
    }

    /// A time; `.epoch` when it was edited into something else.
    func time(_ index: Int) -> Timestamp { optionalTime(index) ?? .epoch }

    /// A time or NULL.
    func optionalTime(_ index: Int) -> Timestamp? {
        let text: String? = self[index]
        return text.flatMap { Timestamp(iso8601: $0) }
    }
}

extension String {
    /// At most as many characters as a text column keeps; the end, which says most in a log.
    var lastCharacters: String { String(suffix(Limits.textCharactersMax)) }
}

import ArgumentParser

/// A `key=value` argument.
struct KeyValueOption: ExpressibleByArgument {
    let name: String
    let text: String

    init?(argument: String) {
        guard let separator = argument.firstIndex(of: "="), separator > argument.startIndex else {
            return nil
        }
        name = String(argument[..<separator])
        text = String(argument[argument.index(after: separator)...])
    }
}

extension Array<KeyValueOption> {
    /// As the parameter parser takes them.
    var inputs: [(name: String, text: String)] { map { (name: $0.name, text: $0.text) } }
}

/// What went wrong with the web server itself.
package struct WebError: Error, CustomStringConvertible {
    /// What failed, on what, and what to do; a sentence for an operator.
    package let description: String
    /// Whether permissions or settings are to blame, rather than input or output.
    package let isConfiguration: Bool

    init(_ description: String, isConfiguration: Bool = true) {
        self.description = description
        self.isConfiguration = isConfiguration
    }
}

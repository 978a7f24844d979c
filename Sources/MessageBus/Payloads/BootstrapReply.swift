/// What a child says over the bootstrap socket before it ends: why it cannot be what it is told to be.
package struct BootstrapReply: BusPayload, Equatable {
    /// One sentence for an operator.
    package var error: String

    package init(error: String) { self.error = error }
}

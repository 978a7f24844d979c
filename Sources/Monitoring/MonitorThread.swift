import Foundation

/// Starts a thread with a small stack that lasts as long as `body`.
func startThread(_ body: @escaping @Sendable () -> Void) {
    let thread = Thread { body() }
    thread.name = "monitor"
    thread.stackSize = 512 << 10
    thread.start()
}

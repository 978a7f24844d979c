extension ControlError {
    /// Whether the same call may succeed later without anybody changing it: somebody's lock, a full disk.
    package var isTransient: Bool { code == .busy || code == .storage }
}

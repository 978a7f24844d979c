#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// The few system calls of this module, with `EINTR` handled.
enum SystemCall {
    /// What a system error number means, such as `No such file or directory`.
    static func describe(_ errorNumber: Int32) -> String {
        strerror(errorNumber).map { String(cString: $0) } ?? "error \(errorNumber)"
    }

    /// Waits with poll(2) until the descriptor has one of the events or the milliseconds are over.
    ///
    /// Returns whether an event (or an error or hang-up) is there; `nil` and errno when the call failed.
    static func poll(_ descriptor: Int32, events: Int16, milliseconds: Int32) -> Bool? {
        var entry = pollfd(fd: descriptor, events: events, revents: 0)
        #if canImport(Glibc)
            let result = Glibc.poll(&entry, 1, milliseconds)
        #elseif canImport(Musl)
            let result = Musl.poll(&entry, 1, milliseconds)
        #else
            let result = Darwin.poll(&entry, 1, milliseconds)
        #endif
        if result < 0 { return errno == EINTR ? false : nil }
        return result > 0
    }
}

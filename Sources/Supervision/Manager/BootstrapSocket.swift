import CPlatform
import MessageBus

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The manager's end of the socket over which a child learns what it is to be, and may say why it cannot be it.
final class BootstrapSocket {
    private let descriptor: Int32

    private init(descriptor: Int32) { self.descriptor = descriptor }

    /// Makes a connected pair with socketpair(2), both ends close-on-exec; the caller closes `childDescriptor` once
    /// the child has its copy.
    static func makePair() throws(SupervisionError) -> (socket: BootstrapSocket, childDescriptor: Int32) {
        var descriptors: [Int32] = [-1, -1]
        #if os(Linux)
            let type = Int32(SOCK_STREAM.rawValue)
        #else
            let type = SOCK_STREAM
        #endif
        guard socketpair(AF_UNIX, type, 0, &descriptors) == 0 else {
            throw SupervisionError(.spawnRefusedForNow, "make the bootstrap socket", errno: errno)
        }
        for descriptor in descriptors { _ = cplatform_set_close_on_exec(descriptor, 1) }
        return (BootstrapSocket(descriptor: descriptors[0]), descriptors[1])
    }

    /// Hands the document over. Waits for the child only when it is longer than the socket's buffer.
    func write(_ bootstrap: Bootstrap) throws(BusError) {
        try BootstrapChannel(descriptor: descriptor).write(bootstrap, timeout: .seconds(1))
    }

    /// What the child said, if anything; to be asked when it has ended.
    func takeReply() -> BootstrapReply? {
        try? BootstrapChannel(descriptor: descriptor).read(BootstrapReply.self, timeout: .zero)
    }

    deinit { close(descriptor) }
}

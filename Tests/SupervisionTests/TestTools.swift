import CPlatform
import Supervision
import Testing

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#endif

/// The testing library has an ExitStatus as well.
typealias ChildEnd = Supervision.ExitStatus

/// A directory of its own for one test, deleted with its files afterwards.
struct TemporaryDirectory: ~Copyable {
    let path: String

    init() throws {
        var template = Array("/tmp/supervision-test-XXXXXX".utf8CString)
        let made = mkdtemp(&template).map { String(cString: $0) }
        path = try #require(made)
    }

    deinit {
        if let directory = opendir(path) {
            while let entry = readdir(directory) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                unlink("\(path)/\(name)")
            }
            closedir(directory)
        }
        rmdir(path)
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }
}

func writeFile(_ path: String, _ text: String) throws {
    let descriptor = cplatform_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    let bytes = Array(text.utf8)
    try #require(write(descriptor, bytes, bytes.count) == bytes.count)
}

func readFile(_ path: String) -> String {
    let descriptor = cplatform_open(path, O_RDONLY, 0)
    guard descriptor >= 0 else { return "" }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = read(descriptor, &bytes, bytes.count)
    return String(decoding: bytes[..<max(0, count)], as: UTF8.self)
}

func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

/// Looks again and again, a millisecond apart, until the condition holds or the deadline has passed.
func eventually(within limit: Duration = .seconds(20), _ condition: () -> Bool) async -> Bool {
    let deadline = MonotonicClock.now + limit
    while !condition() {
        if MonotonicClock.now > deadline { return false }
        try? await Task.sleep(for: .milliseconds(1))
    }
    return true
}

/// A real child, watched by a watcher; its end can be awaited.
struct Child {
    let handle: ProcessHandle
    private let ends: AsyncStream<ChildEnd>

    init(_ request: SpawnRequest, watcher: ExitWatcher) throws {
        handle = try ProcessHandle(child: try ProcessSpawner.spawn(request))
        let (stream, continuation) = AsyncStream.makeStream(of: ChildEnd.self)
        ends = stream
        try watcher.watch(handle) { status in
            continuation.yield(status)
            continuation.finish()
        }
    }

    /// A shell script.
    init(
        shell script: String, output: SpawnRequest.Output = .discarded, bootstrap: Int32? = nil,
        lock: Int32? = nil,
        watcher: ExitWatcher
    ) throws {
        let request = SpawnRequest(
            executablePath: "/bin/sh", arguments: ["sh", "-c", script], environment: ["PATH=/usr/bin:/bin"],
            output: output, bootstrapDescriptor: bootstrap, lockDescriptor: lock)
        try self.init(request, watcher: watcher)
    }

    /// Waits for the end; the tests that use it have a time limit.
    func end() async -> ChildEnd? {
        for await status in ends { return status }
        return nil
    }
}

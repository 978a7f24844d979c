package import ControlPlane

/// How the web server is to run.
package struct WebSettings: Sendable {
    package var home: HomeDirectory
    /// An address of this machine; not loopback only when the operator said so.
    package var host: String
    /// 0 takes a free one.
    package var port: Int
    /// Names under which the page is reached, beside the loopback names and `host`, without port.
    package var allowedHosts: [String]
    /// Whether commands are refused.
    package var isReadOnly: Bool
    /// The executable that holds the classes of strategies without a module of their own; `nil` when not known.
    package var executable: String?

    /// How long slow clients are waited for, in seconds, in place of the times in `Limits`.
    package var patienceSeconds: Int64?

    /// Takes the settings as they are.
    package init(
        home: HomeDirectory, host: String, port: Int, allowedHosts: [String] = [], isReadOnly: Bool = false,
        executable: String? = nil, patienceSeconds: Int64? = nil
    ) {
        self.patienceSeconds = patienceSeconds
        self.home = home
        self.host = host
        self.port = port
        self.allowedHosts = allowedHosts
        self.isReadOnly = isReadOnly
        self.executable = executable
    }
}

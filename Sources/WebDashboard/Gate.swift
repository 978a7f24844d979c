import HTTPTypes
import Hummingbird
import HummingbirdCore

/// Lets in who may come in: the first thing that happens to every request.
///
/// In this order: the Host is one of ours (a page of another name that resolves to this machine gets nothing), no other
/// site sends it, the token is shown where it is needed, the method is one that the path takes, and a POST carries JSON. There are no answers that allow other sites to read anything (CORS).
struct Gate: Sendable {
    let token: AccessToken
    let isReadOnly: Bool
    /// In lower case, with port where it is not 80.
    let hosts: Set<String>
    let cookieName: String

    init(_ settings: WebSettings, token: AccessToken, port: Int) {
        self.token = token
        isReadOnly = settings.isReadOnly
        let isAnyAddress = ["0.0.0.0", "::"].contains(settings.host)
        let names =
            ["127.0.0.1", "localhost", "[::1]"] + settings.allowedHosts
            + (isAnyAddress ? [] : [settings.host.contains(":") ? "[\(settings.host)]" : settings.host])
        var hosts: Set<String> = []
        for name in names.map({ $0.lowercased() }) {
            hosts.insert("\(name):\(port)")
            if port == 80 { hosts.insert(name) }
        }
        self.hosts = hosts
        // Cookies do not know ports, and another engine of this machine has another port.
        cookieName = "tradewind_\(port)"
    }

    /// Checks that concern every request, whatever it asks for.
    func check(_ request: Request) throws(Problem) {
        let host = request.head.authority?.lowercased() ?? ""
        guard hosts.contains(host), !request.headers.contains(where: { $0.name.canonicalName == "host" })
        else {
            throw Problem(
                .misdirectedRequest, "foreign_host",
                "this server answers to \(hosts.sorted().joined(separator: ", ")); start it with --allow-host NAME to "
                    + "reach it by another name")
        }
        if let origin = request.headers[.origin] {
            guard origin.lowercased() == "http://" + host else { throw Self.foreign }
        } else if request.method == .post, request.headers[.authorization] == nil {
            // A browser names the origin of every POST; who shows a token in a header is no page of another site.
            guard request.headers[Self.fetchSite] == "same-origin" else { throw Self.foreign }
        }
        let site = request.headers[Self.fetchSite]
        guard site == nil || site == "same-origin" || site == "none" || isNavigation(request) else {
            throw Self.foreign
        }
    }

    /// Whether a request shows the token, in a header or as the cookie that was given for it.
    func isAuthorized(_ request: Request) -> Bool {
        if let value = request.headers[.authorization] {
            let parts = value.split(separator: " ", maxSplits: 1)
            return parts.count == 2 && parts[0].lowercased() == "bearer" && token.admits(token: parts[1])
        }
        for header in request.headers[values: .cookie] {
            for pair in header.split(separator: ";") {
                let parts = pair.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
                if parts.count == 2, parts[0] == cookieName { return token.admits(cookie: parts[1]) }
            }
        }
        return false
    }

    /// The header that gives a browser its cookie, or takes it away.
    func cookieHeader(isGiven: Bool) -> String {
        let value = isGiven ? "\(token.cookieValue); Max-Age=31536000" : "; Max-Age=0"
        return "\(cookieName)=\(value); Path=/; HttpOnly; SameSite=Strict"
    }

    /// The headers of every answer.
    static func protect(_ response: inout Response) {
        response.headers[.contentSecurityPolicy] = """
            default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
            base-uri 'none'; form-action 'none'; frame-ancestors 'none'
            """
        response.headers[.xContentTypeOptions] = "nosniff"
        response.headers[Self.referrerPolicy] = "no-referrer"
        response.headers[Self.openerPolicy] = "same-origin"
        response.headers[Self.resourcePolicy] = "same-origin"
        if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
    }

    static let unauthorized = Problem(
        .unauthorized, "unauthorized",
        "show the token: Authorization: Bearer TOKEN; it is in the file web.token of the home",
        headers: [.wwwAuthenticate: "Bearer realm=\"tradewind\""])

    private static let foreign = Problem(
        .forbidden, "foreign_origin", "requests from pages of other sites are refused")

    /// Checks that a POST carries JSON, which no form of another site can send.
    func checkContentType(_ request: Request) throws(Problem) {
        let type = request.headers[.contentType]?.split(separator: ";").first?.lowercased()
        guard type?.trimmingPrefix(while: { $0 == " " }) == "application/json" else {
            throw Problem(
                .unsupportedMediaType, "unsupported_media_type", "the body must be application/json")
        }
    }

    /// Whether a person followed a link to the page itself, which shows nothing without the token.
    private func isNavigation(_ request: Request) -> Bool {
        request.method == .get && request.uri.path == "/" && request.headers[Self.fetchMode] == "navigate"
    }

    // Constants of letters and hyphens are names of headers, so none of these is nil.
    private static let fetchSite = HTTPField.Name("Sec-Fetch-Site")!
    private static let fetchMode = HTTPField.Name("Sec-Fetch-Mode")!
    private static let referrerPolicy = HTTPField.Name("Referrer-Policy")!
    private static let openerPolicy = HTTPField.Name("Cross-Origin-Opener-Policy")!
    private static let resourcePolicy = HTTPField.Name("Cross-Origin-Resource-Policy")!
}

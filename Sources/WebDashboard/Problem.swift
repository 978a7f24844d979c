import ControlPlane
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Monitoring

/// An answer that says what is wrong with a request or the engine (RFC 9457).
struct Problem: Error {
    let status: HTTPResponse.Status
    /// A word for programs.
    let code: String
    /// A sentence for people: what, where, what to do.
    let detail: String
    var headers: HTTPFields = [:]

    init(_ status: HTTPResponse.Status, _ code: String, _ detail: String, headers: HTTPFields = [:]) {
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = headers
    }

    /// What a failure of the database means to the caller.
    init(_ error: ControlError) {
        switch error.code {
        case .notFound: self.init(.notFound, "not_found", error.context)
        case .refused: self.init(.unprocessableContent, "refused", error.context)
        case .busy:
            self.init(.serviceUnavailable, "database_busy", error.description, headers: [.retryAfter: "1"])
        default:
            self.init(
                .serviceUnavailable, "database_unavailable", error.description, headers: [.retryAfter: "5"])
        }
    }

    var response: Response {
        var json = JSONWriter()
        json.object { json in
            json.member("type", "urn:tradewind:problem:" + code)
            json.member("title", status.reasonPhrase)
            json.member("status", status.code)
            json.member("detail", detail)
        }
        var headers = headers
        headers[.contentType] = "application/problem+json"
        return Response(
            status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: json.bytes)))
    }
}

extension Response {
    /// A JSON document.
    init(json: JSONWriter, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) {
        var headers = headers
        headers[.contentType] = "application/json"
        self.init(
            status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: json.bytes)))
    }
}

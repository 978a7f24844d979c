import Foundation
import HTTPTypes
import Monitoring
import TestSupport
import Testing

@testable import WebDashboard

/// The document that the server serves is true: it has every route, and every answer has the form it says.
@Suite(.serialized) struct OpenAPITests {
    private static var document: [String: Any] {
        let data = Data(OpenAPIDocument.json.bytes)
        return (try? JSONSerialization.jsonObject(with: data)) as? [String: Any] ?? [:]
    }

    private static func paths() throws -> [String: [String: Any]] {
        try #require(document["paths"] as? [String: [String: Any]])
    }

    @Test func documentHasEveryRouteAndNoOther() throws {
        let routes = Set(Routes.all.map { "\($0.method.rawValue) \($0.path)" })
        let described = Set(
            try Self.paths().flatMap { path, methods in methods.keys.map { "\($0.uppercased()) \(path)" } })
        #expect(routes == described && routes.count == Routes.all.count)
        #expect(routes.count > 25)
    }

    @Test func everyReferenceLeadsSomewhere() throws {
        let components = try #require(Self.document["components"] as? [String: Any])
        let schemas = try #require(components["schemas"] as? [String: Any])
        let text = OpenAPIDocument.json.text
        let names = text.components(separatedBy: "#/components/schemas/").dropFirst().map {
            String($0.prefix { $0.isLetter })
        }
        for name in names { #expect(schemas[name] != nil, "\(name)") }
        for name in schemas.keys { #expect(names.contains(name), "\(name) is used") }
    }

    /// A real answer of each GET route.
    private static let samples: [String: String] = [
        "/api/v1/strategies/{id}": "/api/v1/strategies/earner",
        "/api/v1/strategies/{id}/curve": "/api/v1/strategies/earner/curve",
        "/api/v1/logs/{id}": "/api/v1/logs/earner",
        "/api/v1/backtests/{id}": "/api/v1/backtests/run-1", "/api/v1/prices/{id}": "/api/v1/prices/ALPHA",
        "/api/v1/trades": "/api/v1/trades?backtest=run-1",
        "/api/v1/instances": "/api/v1/instances?strategy=earner",
    ]

    @Test func everyAnswerHasTheFormThatTheDocumentSays() throws {
        let web = try WebHome()
        try web.fill()
        let served = try web.request("GET", "/api/v1/openapi.json", isAuthorized: false)
        #expect(served.status == 200 && served.body == OpenAPIDocument.json.text)
        let commandID = try #require(try web.items("/api/v1/commands").first?["id"] as? String)
        var checked = 0
        for route in Routes.all where route.method == .get {
            let path =
                route.path.contains("/commands/")
                ? "/api/v1/commands/\(commandID)" : Self.samples[route.path] ?? route.path
            if route.path.hasSuffix("/stream") { continue }
            let answer = try web.get(path)
            let type = try #require(answer.headers["content-type"])
            let operation = try #require(try Self.paths()[route.path]?["get"] as? [String: Any])
            let responses = try #require(operation["responses"] as? [String: [String: Any]])
            let response = try #require(responses[String(answer.status)] ?? responses["default"])
            let content = try #require(response["content"] as? [String: [String: Any]])
            let media = content.keys.first { type.hasPrefix($0) }
            #expect(media != nil, "\(path) answers \(type)")
            guard let media, media.hasSuffix("json"), !media.contains("oai") else { continue }
            let value = try JSONSerialization.jsonObject(
                with: Data(answer.body.utf8), options: .fragmentsAllowed)
            let schema = try #require(content[media]?["schema"] as? [String: Any])
            let faults = SchemaCheck(document: Self.document).faults(of: value, schema, at: path)
            #expect(faults.isEmpty, "\(faults.prefix(5))")
            if let items = (value as? [String: Any])?["items"] as? [Any], !route.path.contains("processes"),
                !route.path.contains("prices")
            {
                #expect(!items.isEmpty, "\(path) shows something to check")
            }
            checked += 1
        }
        #expect(checked >= 18)
        let created = try web.post("/api/v1/commands", #"{"command": "stop", "strategy": "earner"}"#)
        let schema = ["$ref": "#/components/schemas/Command"]
        #expect(
            SchemaCheck(document: Self.document).faults(of: try created.object(), schema, at: "POST").isEmpty)
    }

    @Test func checkFindsWhatIsWrong() {
        let check = SchemaCheck(document: Self.document)
        let schema = ["$ref": "#/components/schemas/Log"]
        #expect(check.faults(of: ["name": "a", "lines": ["x"]], schema, at: "").isEmpty)
        #expect(!check.faults(of: ["name": "a"], schema, at: "").isEmpty)
        #expect(!check.faults(of: ["name": 1, "lines": [String]()], schema, at: "").isEmpty)
        #expect(!check.faults(of: ["name": "a", "lines": [1]], schema, at: "").isEmpty)
        #expect(!check.faults(of: ["name": "a", "lines": [String](), "more": 1], schema, at: "").isEmpty)
    }
}

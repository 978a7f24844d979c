import ControlPlane
import HTTPTypes
import Monitoring

/// What the API is, for programs: made of the very routes and forms that answer.
enum OpenAPIDocument {
    static let json: JSONWriter = make()

    private static func make() -> JSONWriter {
        var json = JSONWriter()
        json.object { json in
            json.member("openapi", "3.1.0")
            json.objectMember("info") { json in
                json.member("title", "Tradewind")
                json.member("version", "1")
                json.member(
                    "description",
                    """
                    Reads and steers one engine. Every answer that is no success is a Problem. Money, prices and \
                    quantities are exact decimal text. Lists are read page by page: next_cursor of one page is cursor \
                    of the next.
                    """)
            }
            json.arrayMember("security") { json in
                json.object { $0.arrayMember("bearer") { _ in } }
                json.object { $0.arrayMember("cookie") { _ in } }
            }
            json.objectMember("paths") { json in
                var paths: [String] = []
                for route in Routes.all where !paths.contains(route.path) { paths.append(route.path) }
                for path in paths {
                    json.objectMember(path) { json in
                        for route in Routes.all where route.path == path {
                            json.objectMember(route.method.rawValue.lowercased()) { write(route, to: &$0) }
                        }
                    }
                }
            }
            json.objectMember("components") { json in
                json.objectMember("schemas") { json in
                    for schema in Documents.all + Listings.all.map(\.schema) {
                        json.key(schema.name)
                        schema.write(to: &json)
                    }
                }
                json.objectMember("securitySchemes") { json in
                    json.objectMember("bearer") { json in
                        json.member("type", "http")
                        json.member("scheme", "bearer")
                    }
                    json.objectMember("cookie") { json in
                        json.member("type", "apiKey")
                        json.member("in", "cookie")
                        json.member("name", "tradewind_PORT")
                    }
                }
            }
        }
        return json
    }

    private static func write(_ route: Route, to json: inout JSONWriter) {
        json.member("summary", route.summary)
        if route.isOpen { json.arrayMember("security") { _ in } }
        json.arrayMember("parameters") { json in
            for parameter in route.parameters { write(parameter, to: &json) }
        }
        if let body = route.body {
            json.objectMember("requestBody") { json in
                json.member("required", true)
                content("application/json", to: &json) { $0.object { $0.member("$ref", reference(body)) } }
            }
        }
        json.objectMember("responses") { json in
            json.objectMember(String(route.status.code)) { json in
                json.member("description", route.status.reasonPhrase)
                write(route.answer, to: &json)
            }
            if route.status == .created {
                json.objectMember("200") { json in
                    json.member("description", "It was done before")
                    write(route.answer, to: &json)
                }
            }
            json.objectMember("default") { json in
                json.member("description", "What is wrong")
                content("application/problem+json", to: &json) {
                    $0.object { $0.member("$ref", reference("Problem")) }
                }
            }
        }
    }

    private static func write(_ parameter: Route.Parameter, to json: inout JSONWriter) {
        json.object { json in
            json.member("name", parameter.name)
            json.member("in", parameter.place)
            json.member("required", parameter.isRequired)
            json.member("description", parameter.description)
            json.objectMember("schema") { json in
                json.member("type", parameter.range == nil ? "string" : "integer")
                if let range = parameter.range {
                    json.member("minimum", range.lowerBound)
                    json.member("maximum", range.upperBound)
                }
                if let pattern = parameter.pattern { json.member("pattern", pattern) }
                if let format = parameter.format { json.member("format", format) }
                if let words = parameter.words {
                    json.arrayMember("enum") { json in
                        for word in words { json.value(word) }
                    }
                }
            }
        }
    }

    private static func write(_ answer: Route.Answer, to json: inout JSONWriter) {
        switch answer {
        case .document(let name):
            content("application/json", to: &json) { $0.object { $0.member("$ref", reference(name)) } }
        case .list(let name):
            content("application/json", to: &json) { writeList(name, isPaged: false, to: &$0) }
        case .pages(let name):
            content("application/json", to: &json) { writeList(name, isPaged: true, to: &$0) }
        case .other(let type):
            let kind = type.hasSuffix("json") ? "object" : "string"
            content(type, to: &json) { $0.object { $0.member("type", kind) } }
        }
    }

    private static func writeList(_ name: String, isPaged: Bool, to json: inout JSONWriter) {
        var members = [Schema.Member("items", .array(.reference(name)))]
        if isPaged { members.append(.init("next_cursor?", .string, "null: this is the last page")) }
        Schema("", members).write(to: &json)
    }

    private static func content(
        _ type: String, to json: inout JSONWriter, _ schema: (inout JSONWriter) -> Void
    ) {
        json.objectMember("content") { json in
            json.objectMember(type) { json in
                json.key("schema")
                schema(&json)
            }
        }
    }

    private static func reference(_ name: String) -> String { "#/components/schemas/" + name }
}

import ControlPlane
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Monitoring
import Supervision
import TradingModel

/// All that the server answers, but for the files of the page.
enum Routes {
    static let prefix = "/api/v1"
    static let all: [Route] =
        Listings.all.map(listing) + single + engine + commands + [
            stream, metrics, document, openSession, session,
        ]
        + [closeSession]

    private static func listing(_ list: Listing) -> Route {
        let own = list.filters.map { filter in
            var words: [String]?
            var format: String?
            switch filter.test {
            case .word(let list): words = list
            case .since, .until: format = "date-time"
            case .text, .strategy: break
            }
            return Route.Parameter(
                name: filter.name, description: filter.description, isRequired: filter.isRequired,
                words: words, format: format)
        }
        let paging = [
            Route.Parameter(name: "limit", description: "rows of a page", range: 1...Limits.pageRowsMax),
            Route.Parameter(
                name: "cursor", description: "the next_cursor of the page before",
                pattern: Listing.cursorPattern),
        ]
        return Route(
            method: .get, path: "\(prefix)/\(list.name)", summary: list.summary,
            answer: .pages(list.schemaName),
            parameters: own + paging
        ) { call in
            let parameters = try QueryParameters(call.request.uri)
            return Response(json: try await call.site.reading { try list.page(parameters, $0) })
        }
    }

    // MARK: - Strategies

    private static let id = Route.Parameter(
        name: "id", description: "an id or a name", isRequired: true, place: "path")

    private static let single: [Route] = [
        Route(
            method: .get, path: "\(prefix)/strategies",
            summary: "All strategies with what they do, earn and cost",
            answer: .list("Strategy")
        ) { call in
            try QueryParameters(call.request.uri).allow([])
            return list(try await call.site.overview().strategies)
        },
        Route(
            method: .get, path: "\(prefix)/strategies/{id}",
            summary: "One strategy with its configuration and the parameters of its class",
            answer: .document("StrategyDetail"), parameters: [id]
        ) { call in
            try QueryParameters(call.request.uri).allow([])
            return try await StrategyDetail.answer(call)
        },
        Route(
            method: .get, path: "\(prefix)/strategies/{id}/curve",
            summary: "Its PnL and equity over all its time, oldest first, evenly thinned",
            answer: .document("Curve"),
            parameters: [
                id, .init(name: "points", description: "at most so many", range: 2...Limits.curvePointsMax),
            ]
        ) { call in
            let parameters = try QueryParameters(call.request.uri)
            try parameters.allow(["points"])
            let points = try parameters.integer("points", 2...Limits.curvePointsMax) ?? 500
            let id = call.argument
            return Response(
                json: try await call.site.reading { store in
                    CurveDocument.json(
                        try store.curve(strategyID: try store.strategy(orProblem: id).id, points: points))
                })
        },
        Route(
            method: .get, path: "\(prefix)/logs/{id}",
            summary: "The last lines of the log of a strategy, of bus, manager, recorder or feed-NAME",
            answer: .document("Log"),
            parameters: [id, .init(name: "lines", description: "so many", range: 1...Limits.logLinesMax)]
        ) { call in
            let parameters = try QueryParameters(call.request.uri)
            try parameters.allow(["lines"])
            let lines = try parameters.integer("lines", 1...Limits.logLinesMax) ?? 100
            return Response(json: try await LogDocument.json(call.argument, lines: lines, call.site))
        },
        Route(
            method: .get, path: "\(prefix)/prices/{id}",
            summary: """
                An instrument's prices, oldest first: of the last day where it is recorded, and from the bus since somebody \
                first asked; they are followed for a minute from each request on
                """,
            answer: .document("Prices"),
            parameters: [.init(name: "id", description: "a symbol", isRequired: true, place: "path")]
        ) { call in
            try QueryParameters(call.request.uri).allow([])
            let symbol = call.argument
            let site = call.site
            return Response(json: try await site.reading { try site.prices.json(symbol, site, $0) })
        },
        Route(
            method: .get, path: "\(prefix)/backtests/{id}", summary: "One backtest",
            answer: .document("Backtest"), parameters: [id]
        ) { call in
            try QueryParameters(call.request.uri).allow([])
            let id = call.argument
            let row = try await call.site.reading {
                try Listings.backtests.row(where: "b.id = ?", [.text(id)], $0)
            }
            guard let row else {
                throw Problem(.notFound, "unknown_backtest", "there is no backtest \(id.prefix(80))")
            }
            return Response(json: row)
        },
    ]

    // MARK: - The engine

    private static let engine: [Route] = [
        Route(
            method: .get, path: "\(prefix)/health",
            summary:
                "Whether manager, database and bus are there; always 200, what is missing is in the document",
            answer: .document("Engine")
        ) { call in
            try QueryParameters(call.request.uri).allow([])
            var json = JSONWriter()
            try await call.site.overview().writeEngine(to: &json)
            return Response(json: json)
        },
        Route(
            method: .get, path: "\(prefix)/feeds", summary: "Sources of market data", answer: .list("Feed")
        ) { call in
            try QueryParameters(call.request.uri).allow([])
            return list(try await call.site.overview().feeds)
        },
        Route(
            method: .get, path: "\(prefix)/processes", summary: "Processes that are no strategies",
            answer: .list("Process")
        ) { call in
            try QueryParameters(call.request.uri).allow([])
            return list(try await call.site.overview().services)
        },
        Route(
            method: .get, path: "\(prefix)/bus", summary: "Counters of the broker and their rates",
            answer: .document("Bus")
        ) { call in
            try QueryParameters(call.request.uri).allow([])
            guard let bus = try await call.site.overview().bus else { throw noBus }
            var json = JSONWriter()
            json.value(bus)
            return Response(json: json)
        },
        Route(
            method: .get, path: "\(prefix)/bus/connections", summary: "Who is connected to the bus",
            answer: .list("Connection")
        ) { call in
            try QueryParameters(call.request.uri).allow([])
            guard let bus = try await call.site.overview().bus else { throw noBus }
            return list(bus.connections)
        },
    ]

    /// A bus that is not there is no fault of the server.
    private static let noBus = Problem(
        .notFound, "no_bus", "there is no bus that answers: is the manager running?")

    private static func list(_ values: [some JSONWritable]) -> Response {
        var json = JSONWriter()
        json.object { json in
            json.arrayMember("items") { json in
                for value in values { json.value(value) }
            }
        }
        return Response(json: json)
    }

    // MARK: - Commands

    private static let commands: [Route] = [
        Route(
            method: .get, path: "\(prefix)/commands/{id}", summary: "One command and where it stands",
            answer: .document("Command"), parameters: [id]
        ) { call in
            try QueryParameters(call.request.uri).allow([])
            let id = call.argument
            guard let json = try await call.site.reading({ try CommandRequest.document(id, $0) }) else {
                throw Problem(.notFound, "unknown_command", "there is no command \(id.prefix(80))")
            }
            return Response(json: json)
        },
        Route(
            method: .post, path: "\(prefix)/commands",
            summary: """
                Asks for something, as a row of strategy_commands; the answer is the command, whose end is to be \
                waited for
                """,
            answer: .document("Command"), status: .created,
            parameters: [
                .init(
                    name: "Idempotency-Key",
                    description: "the same key again gives the same command (200) instead of another one",
                    pattern: "^[!-~]{1,128}$", place: "header")
            ], body: "NewCommand"
        ) { try await CommandRequest.answer($0) },
    ]

    // MARK: - Everything else

    private static let stream = Route(
        method: .get, path: "\(prefix)/stream",
        summary: """
            Server-sent events: a snapshot, then what changes. After a reconnect with Last-Event-ID only what changed \
            meanwhile, or a snapshot again
            """,
        answer: .other("text/event-stream"),
        parameters: [
            .init(
                name: "Last-Event-ID", description: "the id of the last event that was received",
                place: "header")
        ]
    ) { try EventStream.answer($0) }

    private static let metrics = Route(
        method: .get, path: "/metrics", summary: "Everything for Prometheus, text format 0.0.4",
        answer: .other("text/plain; version=0.0.4")
    ) { call in
        let text = PrometheusText.text(of: try await call.site.overview())
        return Response(
            status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: text.utf8)))
    }

    private static let document = Route(
        method: .get, path: "\(prefix)/openapi.json", summary: "This document",
        answer: .other("application/vnd.oai.openapi+json"), isOpen: true
    ) { _ in
        Response(
            status: .ok, headers: [.contentType: "application/vnd.oai.openapi+json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: OpenAPIDocument.json.bytes)))
    }

    // MARK: - Sessions of browsers

    private static let session = Route(
        method: .get, path: "\(prefix)/session",
        summary: "Whether this browser shows the token, and what it may do",
        answer: .document("Session"), isOpen: true
    ) { call in sessionAnswer(call, isAuthorized: call.site.gate.isAuthorized(call.request)) }

    private static let openSession = Route(
        method: .post, path: "\(prefix)/session", summary: "Gives a browser that shows the token a cookie",
        answer: .document("Session"), body: "Token", isOpen: true
    ) { call in
        let body: TokenBody = try await RequestBodyReader.decode(call)
        guard call.site.gate.token.admits(token: body.token) else {
            throw Problem(.unauthorized, "wrong_token", "this is not the token of this engine")
        }
        return sessionAnswer(call, isAuthorized: true, cookie: call.site.gate.cookieHeader(isGiven: true))
    }

    private static let closeSession = Route(
        method: .post, path: "\(prefix)/session/end", summary: "Takes the browser's cookie away",
        answer: .document("Session"), body: "Empty", isOpen: true
    ) { call in
        let _: EmptyBody = try await RequestBodyReader.decode(call)
        return sessionAnswer(call, isAuthorized: false, cookie: call.site.gate.cookieHeader(isGiven: false))
    }

    private struct TokenBody: Decodable, Sendable { var token: String }

    private struct EmptyBody: Decodable, Sendable {
        init(from decoder: any Decoder) throws { try CommandRequest.refuseMembers(of: decoder, except: []) }
    }

    private static func sessionAnswer(
        _ call: Route.Call, isAuthorized: Bool, cookie: String? = nil
    ) -> Response {
        var json = JSONWriter()
        json.object { json in
            json.member("authorized", isAuthorized)
            json.member("read_only", call.site.gate.isReadOnly)
            json.arrayMember("commands") { json in
                for kind in CommandKind.allCases { json.value(kind.rawValue) }
            }
        }
        var headers: HTTPFields = [:]
        if let cookie { headers[.setCookie] = cookie }
        return Response(json: json, headers: headers)
    }
}

import ControlPlane
import Foundation
import TestSupport
import Testing
import TradingModel

@testable import WebDashboard

@Suite(.serialized) struct SecurityTests {
    // MARK: - The token

    @Test func tokenIsShownOnceAndKeptPrivate() throws {
        let web = try WebHome()
        let path = web.home.path + "/web.token"
        #expect(web.token.count == 64)
        #expect(web.server?.standardOutput.contains(web.token) == true)
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
        #expect(web.stop() == 0)
        let first = web.token
        try web.start()
        #expect(web.token == first && web.server?.standardOutput.contains(first) == false)
        web.stop()
        try web.start(["--new-token"])
        #expect(web.token != first && web.server?.standardOutput.contains(web.token) == true)
        #expect(
            try web.request("GET", "/api/v1/health", headers: ["Authorization": "Bearer \(first)"]).status
                == 401)
    }

    @Test(arguments: [("0644", "chmod 600"), ("short", "64 hexadecimal digits")])
    func tokenFileThatIsWrongIsRefused(_ fault: String, _ advice: String) throws {
        let web = try WebHome(isStarted: false)
        let path = web.home.path + "/web.token"
        let text = fault == "short" ? "abc\n" : String(repeating: "a", count: 64)
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        chmod(path, fault == "0644" ? 0o644 : 0o600)
        let run = try ProgramRun(WebHome.program, ["--home", web.home.path, "--listen", "127.0.0.1:0"])
        #expect(run.wait(seconds: 30) == 78)
        #expect(run.standardError.contains(advice), "\(run.standardError)")
    }

    @Test func everyPathOfTheAPINeedsTheToken() throws {
        let web = try WebHome()
        let paths = [
            "/api/v1/strategies", "/api/v1/strategies/x", "/api/v1/commands", "/api/v1/stream", "/metrics",
            "/api/v1/health", "/api/v1/logs/bus", "/api/v1/nothing", "/nothing",
        ]
        let wrong = [
            "-", "Bearer ", "Bearer \(web.token.dropLast())\(web.token.hasSuffix("0") ? "1" : "0")",
            "Basic \(web.token)", "Bearer \(web.token)0",
        ]
        for path in paths {
            for value in wrong {
                let answer = try web.request("GET", path, headers: ["Authorization": value])
                #expect(answer.status == 401, "\(path) \(value)")
                #expect(answer.headers["content-type"] == "application/problem+json")
                #expect(answer.headers["www-authenticate"] != nil)
            }
        }
        #expect(try web.get("/api/v1/health").status == 200)
    }

    @Test func browserGetsACookieThatScriptsAndOtherSitesCannotUse() throws {
        let web = try WebHome()
        let origin = ["Origin": "http://\(web.host)", "Authorization": "-"]
        let refused = try web.post(
            "/api/v1/session", #"{"token": "\#(String(repeating: "0", count: 64))"}"#, headers: origin)
        #expect(refused.status == 401 && refused.headers["set-cookie"] == nil)
        let opened = try web.post("/api/v1/session", #"{"token": "\#(web.token)"}"#, headers: origin)
        let cookie = try #require(opened.headers["set-cookie"])
        #expect(opened.status == 200 && cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"))
        #expect(!cookie.contains(web.token), "the cookie does not give the token away")
        let pair = String(cookie.prefix { $0 != ";" })
        let headers = ["Authorization": "-", "Cookie": "other=1; \(pair)"]
        #expect(try web.request("GET", "/api/v1/health", headers: headers).status == 200)
        let forged = ["Authorization": "-", "Cookie": pair.dropLast() + "x"].mapValues { String($0) }
        #expect(try web.request("GET", "/api/v1/health", headers: forged).status == 401)
        web.stop()
        try web.start()
        let name = "tradewind_\(web.port)="
        let again = ["Authorization": "-", "Cookie": name + pair.drop { $0 != "=" }.dropFirst()]
        #expect(
            try web.request("GET", "/api/v1/health", headers: again).status == 200, "it outlives the server")
    }

    // MARK: - Host and Origin

    @Test func hostIsCheckedBeforeAnythingElse() throws {
        let web = try WebHome(["--allow-host", "desk.example"])
        for host in ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example:\(web.port)", "-"] {
            for path in ["/", "/api/v1/health", "/nothing", "/metrics"] {
                let answer = try web.request("GET", path, headers: ["Host": host, "Authorization": "-"])
                #expect(answer.status == 421, "\(host) \(path)")
                #expect(!answer.body.contains("Tradewind"))
            }
        }
        for host in [
            "localhost:\(web.port)", "LOCALHOST:\(web.port)", "[::1]:\(web.port)", "desk.example:\(web.port)",
        ] {
            #expect(
                try web.request("GET", "/api/v1/health", headers: ["Host": host]).status == 200, "\(host)")
        }
        let two = "GET / HTTP/1.1\r\nHost: \(web.host)\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
        #expect(try web.send(two).status == 421)
    }

    @Test func otherSitesAreRefusedAndNoAnswerAllowsThem() throws {
        let web = try WebHome()
        try web.fill()
        let command = #"{"command": "stop", "strategy": "earner"}"#
        for origin in ["http://evil.example", "null", "https://\(web.host)", "http://127.0.0.1:1"] {
            #expect(try web.request("GET", "/api/v1/health", headers: ["Origin": origin]).status == 403)
            #expect(try web.post("/api/v1/commands", command, headers: ["Origin": origin]).status == 403)
        }
        let site = ["Sec-Fetch-Site": "cross-site"]
        #expect(try web.request("GET", "/api/v1/health", headers: site).status == 403)
        let noOrigin = try web.post("/api/v1/session", "{}", headers: ["Authorization": "-"])
        #expect(noOrigin.status == 403, "a POST of a browser names its origin")
        let options = try web.request(
            "OPTIONS", "/api/v1/commands", headers: ["Origin": "http://\(web.host)"])
        #expect(options.status == 405)
        for answer in [try web.get("/api/v1/health"), options, try web.get("/")] {
            #expect(!answer.headers.keys.contains { $0.hasPrefix("access-control-") })
        }
        #expect(try web.items("/api/v1/commands?strategy=earner").count == 5, "no command was inserted")
    }

    // MARK: - What may change something

    @Test func formsAndOtherBodiesThanJSONAreRefused() throws {
        let web = try WebHome()
        for type in ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data", "-"] {
            let answer = try web.post("/api/v1/commands", "command=stop", headers: ["Content-Type": type])
            #expect(answer.status == 415, "\(type)")
        }
        #expect(try web.items("/api/v1/commands").isEmpty)
    }

    @Test func nothingButPOSTChangesAnything() throws {
        let web = try WebHome()
        try web.fill()
        let before = try web.items("/api/v1/commands").count
        for path in [
            "/api/v1/commands?command=stop&strategy=earner", "/api/v1/session/end", "/api/v1/commands/stop",
        ] {
            for method in ["GET", "HEAD"] { _ = try web.request(method, path) }
        }
        for method in ["PUT", "DELETE", "PATCH", "TRACE"] {
            #expect(try web.request(method, "/api/v1/commands").status == 405, "\(method)")
        }
        #expect(try web.items("/api/v1/commands").count == before)
    }

    @Test func readOnlyServerRefusesCommands() throws {
        let web = try WebHome(["--read-only"])
        try web.fill()
        let answer = try web.post("/api/v1/commands", #"{"command": "stop", "strategy": "earner"}"#)
        #expect(answer.status == 403 && answer.body.contains("read_only"))
        #expect(try web.get("/api/v1/session").object()["read_only"] as? Bool == true)
        #expect(try web.items("/api/v1/commands").count == 5)
    }

    // MARK: - What is shown

    @Test func everyAnswerForbidsInlineScriptAndFraming() throws {
        let web = try WebHome()
        for path in ["/", "/app.js", "/page.css", "/api/v1/health", "/api/v1/nothing", "/metrics"] {
            let answer = try web.get(path)
            let policy = answer.headers["content-security-policy"] ?? ""
            #expect(policy.contains("default-src 'none'") && policy.contains("script-src 'self'"), "\(path)")
            #expect(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"))
            #expect(answer.headers["x-content-type-options"] == "nosniff")
        }
        let page = try web.get("/").body
        #expect(!page.contains("<script>") && !page.contains("<style") && !page.contains("style="))
        #expect(page.range(of: #"\son[a-z]+="#, options: .regularExpression) == nil)
        #expect(page.range(of: "https?://", options: .regularExpression) == nil, "no asset of the network")
    }

    @Test func namesAndLogLinesCannotEndAScriptElement() throws {
        let web = try WebHome()
        let earner = try web.fill()
        // The database refuses such a name, so it has to come in by a reason and a log.
        #expect(throws: (any Error).self) {
            try SQLiteShell.run(
                "INSERT INTO strategy_configs(name, class_name) VALUES ('<script>alert(1)</script>', 'x')",
                on: web.home.databasePath)
        }
        let store = try web.open()
        try store.noteEvent(earner.id, reason: "</script><script>alert(1)</script>", epoch: 1, at: .epoch)
        try store.close()
        try Data("</script><img src=x onerror=alert(1)>\u{1b}[31m\n".utf8).write(
            to: URL(fileURLWithPath: web.home.logPath("earner")))
        for path in [
            "/api/v1/events", "/api/v1/logs/earner", "/api/v1/strategies/%3Cscript%3E", "/%3Cscript%3E",
        ] {
            let answer = try web.get(path)
            #expect(!answer.body.contains("<"), "\(path): \(answer.body)")
            #expect(answer.headers["content-type"]?.contains("json") == true)
        }
        let lines = try web.get("/api/v1/logs/earner").object()["lines"] as? [String]
        #expect(lines?.first?.hasPrefix("</script><img") == true, "escaped, not lost")
    }

    @Test func noPathLeadsOutOfTheHome() throws {
        let web = try WebHome()
        for path in [
            "/api/v1/logs/..%2f..%2fetc%2fpasswd", "/api/v1/logs/%2e%2e%2fengine.db", "/../engine.db",
            "/api/v1/logs/..", "/web.token", "/%2e%2e/web.token",
        ] {
            let answer = try web.get(path)
            #expect(answer.status == 404, "\(path): \(answer.status)")
            #expect(!answer.body.contains(web.token))
        }
    }

    // MARK: - Limits

    @Test func bodiesAndHeadersHaveBounds() throws {
        let web = try WebHome()
        let long = String(repeating: "x", count: 70_000)
        #expect(try web.post("/api/v1/commands", #"{"command": "\#(long)"}"#).status == 413)
        let chunked =
            "POST /api/v1/commands HTTP/1.1\r\nHost: \(web.host)\r\nAuthorization: Bearer \(web.token)\r\n"
            + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "11170\r\n\(long)\r\n0\r\n\r\n"
        #expect(try web.send(chunked).status == 413)
        let header = try web.request(
            "GET", "/api/v1/health", headers: ["X-Long": String(repeating: "y", count: 20_000)])
        #expect(header.status == 400 || header.status == 431)
        let many = Dictionary(uniqueKeysWithValues: (0..<80).map { ("X-\($0)", "z") })
        #expect(try web.request("GET", "/api/v1/health", headers: many).status == 400)
        #expect(try web.get("/api/v1/health").status == 200, "the server is well")
    }

    @Test func streamsHaveABoundAndAreGivenBack() throws {
        let web = try WebHome()
        let request =
            "GET /api/v1/stream HTTP/1.1\r\nHost: \(web.host)\r\nAuthorization: Bearer \(web.token)\r\n\r\n"
        var sockets: [TestSocket] = []
        for _ in 0..<32 {
            let socket = try TestSocket(port: web.port)
            try socket.write(request)
            _ = try socket.read { $0.contains("event: snapshot") }
            sockets.append(socket)
        }
        #expect(try web.get("/api/v1/stream").status == 503)
        sockets = []
        let isFree = try waitUntil(seconds: 40) {
            let socket = try TestSocket(port: web.port)
            try socket.write(request)
            return try socket.read { $0.contains("\r\n\r\n") }.contains("200")
        }
        #expect(isFree)
    }

    @Test func slowClientsAreClosedAndKeepNobodyOut() throws {
        let web = try WebHome(["--patience", "2"])
        let earner = try web.fill()
        let head = "Host: \(web.host)\r\nAuthorization: Bearer \(web.token)\r\n"
        let post = "POST /api/v1/commands HTTP/1.1\r\n\(head)Content-Type: application/json\r\n"
        for (what, text, drip) in [
            ("a header", "GET /api/v1/health HTTP/1.1\r\n\(head)X-Slow: ", "x"), ("nothing", "", ""),
            ("a body", post + "Content-Length: 5000\r\n\r\n{", "x"),
        ] {
            let socket = try TestSocket(port: web.port)
            try socket.write(text)
            let start = ContinuousClock.now
            // A byte now and then is no whole request.
            let isClosed = try waitUntil(seconds: 15) {
                try socket.write(drip)
                return socket.isAtEnd(milliseconds: 200)
            }
            #expect(
                isClosed && ContinuousClock.now - start > .seconds(1), "a client that is slow with \(what)")
        }
        // One that reads nothing of a stream is closed, and everybody else goes on.
        let reader = try TestSocket(port: web.port)
        try reader.write("GET /api/v1/stream HTTP/1.1\r\n\(head)\r\n")
        let store = try web.open()
        let isGivenUp = try waitUntil(seconds: 30) {
            for number in 0..<50 {
                try store.noteEvent(
                    earner.id, reason: String(repeating: "\(number)", count: 8_000), epoch: 1, at: .epoch)
            }
            #expect(try web.get("/api/v1/health").status == 200)
            return web.openStreams == 0
        }
        try store.close()
        #expect(isGivenUp)
    }

    @Test func connectionsHaveABoundAndFurtherOnesWait() throws {
        let web = try WebHome(["--patience", "3"])
        var sockets = try (0..<140).map { _ in try TestSocket(port: web.port) }
        let last = try TestSocket(port: web.port)
        try last.write("GET / HTTP/1.1\r\nHost: \(web.host)\r\nConnection: close\r\n\r\n")
        #expect(!last.isAtEnd(milliseconds: 300) && last.text.isEmpty, "it waits")
        sockets.removeFirst(100)
        #expect(try last.readAnswer().status == 200)
    }

    @Test func tokensAreComparedInTheSameTimeWhateverTheyAre() throws {
        let text = String(repeating: "a", count: 64)
        let token = AccessToken(text: text)
        #expect(token.admits(token: text) && token.admits(cookie: token.cookieValue))
        for wrong in [
            "", "a", String(text.dropLast()), text + "a", "b" + text.dropFirst(), text.uppercased(),
        ] {
            #expect(!token.admits(token: wrong) && !token.admits(cookie: wrong))
        }
        #expect(!token.admits(token: token.cookieValue) && !token.admits(cookie: text))
        // What makes it so is the comparison of two codes by the library; nothing else may compare a secret.
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Sources/WebDashboard")
        let source = try String(
            contentsOf: folder.appendingPathComponent("AccessToken.swift"), encoding: .utf8)
        #expect(source.contains("isValidAuthenticationCode"))
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path)
        where name.hasSuffix(".swift") {
            let text = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
            for comparison in [
                "token.text ==", "== token.text", "cookieValue ==", "== cookieValue", "== text }",
            ] {
                #expect(!text.contains(comparison), "\(name)")
            }
        }
    }

    @Test func brokenRequestsAreAnsweredOrClosedAndHarmNobody() throws {
        let web = try WebHome()
        for text in [
            "\r\n\r\n", "GET\r\n\r\n", "\u{16}\u{3}\u{1}", "GET / HTTP/9.9\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        ] {
            let socket = try TestSocket(port: web.port)
            try socket.write(text)
        }
        #expect(try web.get("/api/v1/health").status == 200)
    }
}

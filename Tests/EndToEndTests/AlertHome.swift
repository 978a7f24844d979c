import Foundation
import TestSupport
import Testing

/// A home whose alerts are told to a script that puts down what it gets, and to a server that answers as told.
final class AlertHome {
    let engine: EngineHome
    /// Where hooks and servers put down what they got.
    let folder: String
    private(set) var server: ProgramRun?

    init() throws {
        engine = try EngineHome()
        folder = engine.directory.file("told")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        // What it is given on standard input, as its arguments and in its environment.
        try script(
            "hook.sh",
            #"""
            touch "$1/began-$TRADEWIND_ALERT_DELIVERY-$$"
            sleep "$2"
            cat > "$1/part-$$"
            env > "$1/environment-$TRADEWIND_ALERT_DELIVERY-$$"
            echo "hook heard $TRADEWIND_ALERT_MESSAGE"
            mv "$1/part-$$" "$1/$TRADEWIND_ALERT_RULE-$TRADEWIND_ALERT_EVENT-$TRADEWIND_ALERT_DELIVERY-$$.json"
            """#)
    }

    func script(_ name: String, _ text: String) throws {
        let path = engine.directory.file(name)
        try Data("#!/bin/sh\n\(text)\n".utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    }

    /// Adds a rule, as somebody at a shell does.
    func addRule(_ name: String, _ kind: String, _ columns: [String: String]) throws {
        let names = columns.keys.sorted()
        try engine.sql(
            """
            INSERT INTO alert_rules(name, kind\(names.map { ", " + $0 }.joined()))
            VALUES ('\(name)', '\(kind)'\(names.map { ", " + columns[$0]! }.joined()));
            """)
    }

    /// The command of the hook in SQL, which waits a while before it ends.
    func hook(pause: String = "0") -> String {
        "'[\"\(engine.directory.file("hook.sh"))\", \"\(folder)\", \"\(pause)\"]'"
    }

    /// Starts the server at a port, 0 for a free one; its port.
    @discardableResult
    func serve(port: Int = 0, _ answers: String...) throws -> Int {
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("webhook_server.py").path
        let run = try ProgramRun("python3", [script, "\(port)", folder] + answers)
        server = run
        let isUp = waitUntil(seconds: 20) { run.standardOutput.hasSuffix("\n") || !run.isRunning }
        try #require(isUp && run.isRunning, "\(run.standardError)")
        return try #require(Int(run.standardOutput.trimmingCharacters(in: .newlines)))
    }

    func endServer() {
        server?.signal(SIGKILL)
        _ = server?.wait(seconds: 10)
        server = nil
    }

    /// Names of files in the folder that begin so, sorted.
    func files(_ beginning: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter {
            $0.hasPrefix(beginning)
        }.sorted()
    }

    func document(_ file: String) throws -> [String: Any] {
        let data = try #require(FileManager.default.contents(atPath: folder + "/" + file), "\(file)")
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    /// Waits until an incident of a rule is in a state; the number of incidents of the rule.
    @discardableResult
    func wait(
        _ rule: String, _ state: String, seconds: Double = 30,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> Int {
        let isSo = try waitUntil(seconds: seconds) {
            try engine.value("SELECT state FROM alerts WHERE rule = '\(rule)';") == state
        }
        let log = (try? String(contentsOfFile: engine.home + "/logs/alerter.log", encoding: .utf8)) ?? ""
        #expect(isSo, "\(rule) is not \(state): \(log)\n\(engine.log)", sourceLocation: sourceLocation)
        return Int(try engine.value("SELECT count(*) FROM alerts WHERE rule = '\(rule)';")) ?? 0
    }
}

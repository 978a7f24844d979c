import Foundation
import TestSupport
import Testing
import TradingModel

/// State that another version of a strategy saved is taken over or refused with a clear word, never half understood.
@Suite(.serialized) struct StateVersionTests {
    @Test func stateOfAnOlderVersionIsTakenOverAndThatOfANewerOneOrADamagedOneRefused() throws {
        let engine = try EngineHome(seconds: 6_000)
        try engine.addSampleFeed(speed: "100")
        try engine.addStrategy(
            "v", ["--class", "versioned", "--instrument", "ALPHA", "--module", FaultProgram.path])
        try engine.start(waitingFor: ["v"])
        func restart(version: Int) throws {
            try engine.command("strategies", "set", "v", "--set", "version=\(version)")
            _ = try engine.sendCommand("start", to: "v")
        }
        func seen() throws { try #require(try waitUntil(seconds: 20) { try engine.eventCount("v") > 200 }) }
        func stop() throws { _ = try engine.sendCommand("stop", to: "v") }
        try seen()
        try stop()
        let id = try engine.id("v")
        #expect(try engine.lastState(id)?.version == 1)
        // The next version reads the last one's state and saves its own.
        try restart(version: 2)
        try engine.waitForStatus("v", "running")
        #expect(try engine.command("logs", "v").contains("took version 1 as 2: count"))
        try stop()
        #expect(try engine.lastState(id)?.version == 2)
        // An older program and one that is too new refuse what they do not know, without touching it.
        for version in [1, 5] {
            try restart(version: version)
            try engine.waitForStatus("v", "error")
            let reason = try engine.value(
                "SELECT reason FROM strategy_instances WHERE strategy_id = '\(id)' ORDER BY epoch DESC LIMIT 1;"
            )
            #expect(
                reason.contains("versioned cannot take its saved state back: it is of version 2"), "\(reason)"
            )
            // A command of the operator's clears the error.
            try stop()
        }
        try restart(version: 2)
        try engine.waitForStatus("v", "running")
        #expect(try engine.command("logs", "v").contains("took version 2 as 2: count"))
        try stop()
        try damageNewestJournal(engine.home + "/journal/\(id)")
        _ = try engine.sendCommand("start", to: "v")
        try engine.waitForStatus("v", "error")
        let reason = try engine.value(
            "SELECT reason FROM strategy_instances WHERE strategy_id = '\(id)' ORDER BY epoch DESC LIMIT 1;")
        #expect(reason.contains("is corrupt at byte") && reason.contains("move the file away"), "\(reason)")
    }

    /// Changes a byte in the middle of the newest journal.
    private func damageNewestJournal(_ folder: String) throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter {
            $0.hasSuffix(".journal")
        }
        let newest = try #require(names.max { (Int($0.dropLast(8)) ?? 0) < (Int($1.dropLast(8)) ?? 0) })
        let path = folder + "/" + newest
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        bytes[bytes.count / 2] ^= 0x55
        try bytes.write(to: URL(fileURLWithPath: path))
    }
}

import Foundation
import TestSupport
import Testing
import TradingModel

/// A strategy whose process is killed goes on with its position and with the indicators of the last save.
@Suite(.serialized) struct StateAfterKillTests {
    @Test func killedStrategyTakesBackItsPositionAndItsLastSavedState() throws {
        let engine = try EngineHome(seconds: 6_000)
        try engine.addSampleFeed(speed: "100")
        try engine.addStrategy(
            "crossover", "moving_average_crossover", "--instrument", "ALPHA", "--set", "fast=5", "--set",
            "slow=200")
        try engine.start(waitingFor: ["crossover"])
        let id = try engine.value("SELECT id FROM strategy_configs WHERE name = 'crossover';")
        // The first save is due after some seconds; then some more fills.
        try #require(
            waitUntil(seconds: 40) { ((try? Self.state(engine, id, epoch: 1)) ?? nil) != nil },
            "no state was saved: \(engine.log)")
        let fillCount = try Self.fills(engine, id, epoch: 1).count
        try #require(
            waitUntil(seconds: 30) { ((try? Self.fills(engine, id, epoch: 1).count) ?? 0) > fillCount + 2 })
        kill(try engine.pid("crossover"), SIGKILL)
        try #require(
            waitUntil(seconds: 30) { ((try? Self.checkpoint(engine, id, epoch: 2)) ?? nil) != nil },
            "\(engine.log)")
        let saved = try #require(try Self.state(engine, id, epoch: 1))
        let checkpoint = try #require(try Self.checkpoint(engine, id, epoch: 2))
        #expect(checkpoint.savedState == saved)
        let lastFill = try #require(try Self.fills(engine, id, epoch: 1).last)
        #expect(checkpoint.positions.first?.quantity == lastFill.positionAfter)
        try engine.waitForStatus("crossover", "running")
        let log = try engine.command("logs", "crossover")
        #expect(!log.contains("begins with empty averages"), "\(log)")
    }

    private static func entries(_ engine: EngineHome, _ id: String, epoch: UInt32) throws -> [JournalEntry] {
        let path = "\(engine.home)/journal/\(id)/" + JournalCodec.fileName(epoch: epoch)
        return try Data(contentsOf: URL(fileURLWithPath: path)).withUnsafeBytes {
            JournalScan($0, fileOffset: 0).entries
        }
    }

    private static func state(_ engine: EngineHome, _ id: String, epoch: UInt32) throws -> SavedState? {
        try entries(engine, id, epoch: epoch).compactMap { entry in
            if case .stateSaved(let state) = entry.record { state } else { nil }
        }.last
    }

    private static func fills(_ engine: EngineHome, _ id: String, epoch: UInt32) throws -> [Fill] {
        try entries(engine, id, epoch: epoch).compactMap { entry in
            if case .fill(let fill) = entry.record { fill } else { nil }
        }
    }

    private static func checkpoint(_ engine: EngineHome, _ id: String, epoch: UInt32) throws
        -> EngineSnapshot?
    {
        try entries(engine, id, epoch: epoch).compactMap { entry in
            if case .checkpoint(let snapshot) = entry.record { snapshot } else { nil }
        }.last
    }
}

import Foundation
import MessageBus
import Testing

/// The JSON examples of PROTOCOL.md are what the code writes and reads.
@Suite struct PayloadPageTests {
    /// The examples of the page, by name.
    private static let page: [String: String] = {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Sources/MessageBus/PROTOCOL.md")
        guard let text = try? String(contentsOf: file, encoding: .utf8) else { return [:] }
        var examples: [String: String] = [:]
        for block in text.components(separatedBy: "```json ").dropFirst() {
            let parts = block.components(separatedBy: "```")[0].split(separator: "\n", maxSplits: 1)
            examples[String(parts[0])] = String(parts[1])
        }
        return examples
    }()

    static let types: [String: any BusPayload.Type] = [
        "strategy:commands": StrategyCommandPayload.self, "strategy:status": StrategyStatusPayload.self,
        "strategy:metrics": StrategyMetricsPayload.self, "strategy:health heartbeat": HeartbeatPayload.self,
        "strategy:health process_health": ProcessHealthPayload.self,
        "strategy:health records_dropped": RecordsDroppedPayload.self,
        "strategy:health feed_health": FeedHealthPayload.self,
        "feed:status": FeedStatusPayload.self, "recorder:settings": RecorderSettingsPayload.self,
        "recorder:status": RecorderStatusPayload.self,
        "instruments:category": InstrumentsPayload.self, "bus:status": BrokerStatistics.self,
    ]

    @Test func everyExampleHasItsType() { #expect(Set(Self.page.keys) == Set(Self.types.keys)) }

    @Test(arguments: types.keys.sorted()) func exampleIsWrittenAgainAsItStands(_ name: String) throws {
        let example = try #require(Self.page[name])
        let type = try #require(Self.types[name])
        let written = try type.init(decoding: example.utf8).encoded()
        let expected = try #require(JSONSerialization.jsonObject(with: Data(example.utf8)) as? NSDictionary)
        let actual = try #require(JSONSerialization.jsonObject(with: Data(written)) as? NSDictionary)
        #expect(actual == expected)
    }

    /// An example shows every key that there can be, so a new one has to be put on the page.
    @Test(arguments: types.keys.sorted()) func exampleLeavesNoKeyOut(_ name: String) throws {
        let type = try #require(Self.types[name])
        let value = try type.init(decoding: #require(Self.page[name]).utf8)
        for child in Mirror(reflecting: value).children where child.label != "successRate" {
            let mirror = Mirror(reflecting: child.value)
            #expect(
                mirror.displayStyle != .optional || !mirror.children.isEmpty,
                "\(child.label ?? "") of \(name)")
        }
    }
}

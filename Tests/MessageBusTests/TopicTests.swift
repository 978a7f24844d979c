import MessageBus
import Testing
import TradingModel

@Suite struct TopicTests {
    static let topics: [(Topic, String, Bool)] = [
        (.strategyCommands("a-1"), "strategy:commands:a-1", false),
        (.globalCommands, "strategy:global:commands", false),
        (.strategyStatus("a"), "strategy:status:a", true),
        (.strategyMetrics("a:b"), "strategy:metrics:a:b", true),
        (.health, "strategy:health", false), (.liveData(InstrumentToken(42)), "live_data:42", false),
        (.liveData(.feedWide), "live_data:0", false),
        (.instruments("crypto"), "instruments:category:crypto", true),
        (.feedCommands("sim"), "feed:commands:sim", false), (.feedStatus("sim"), "feed:status:sim", true),
        (.recorderSettings, "recorder:settings", true), (.recorderStatus, "recorder:status", true),
        (.managerNudge, "manager:nudge", false), (.busStatus, "bus:status", true),
    ]

    @Test(arguments: topics) func textAndTopicAreTheSame(_ topic: Topic, _ text: String, _ isRetained: Bool) {
        #expect(topic.text == text)
        #expect(Topic(text) == topic)
        #expect(topic.isRetained == isRetained)
        #expect(TopicPattern(topic).matches(text))
    }

    @Test(arguments: [
        "", "strategy", "strategy:commands:", "strategy:commands", "strategy:other:a", "live_data:",
        "live_data:x",
        "live_data:007", "live_data:-1", "live_data:4294967296", "live_data:1:2", "feed:status:*",
        "bus:status:x", "*",
        "strategy:status:" + String(repeating: "x", count: 240),
    ])
    func textThatIsNoTopicIsRefused(_ text: String) {
        #expect(Topic(text) == nil)
    }

    @Test func wildcardMatchesTheRest() throws {
        let all = try #require(TopicPattern("strategy:status:*"))
        #expect(all.isWildcard && all == .allStrategyStatus)
        #expect(all.matches("strategy:status:x"))
        #expect(!all.matches("strategy:metrics:x"))
        #expect(TopicPattern.everything.matches("bus:status"))
        #expect(TopicPattern("live_data:1*")?.matches("live_data:12") == true)
        #expect(TopicPattern("live_data:1*")?.matches("live_data:2") == false)
    }

    @Test(arguments: ["a*b", "**", "strategy:*:x", "nonsense", ""]) func badPatternIsRefused(_ text: String) {
        #expect(TopicPattern(text) == nil)
    }

    @Test(arguments: [
        ("*", true), ("l*", true), ("live_data:*", true), ("live_data:7*", true), ("live_data:7", true),
        ("strategy:*", false), ("live_datum*", false), ("strategy:health", false),
    ])
    func patternKnowsWhetherItCanMatchMarketData(_ text: String, _ expected: Bool) {
        #expect(TopicPattern(text)?.mayMatchLiveData == expected)
    }

    @Test(arguments: BusRole.allCases) func rolesMayPublishAsDocumented(_ role: BusRole) {
        let own = "own"
        let candidates: [Topic] = [
            .strategyCommands(own), .globalCommands, .strategyStatus(own), .strategyStatus("x"),
            .strategyMetrics(own),
            .strategyMetrics("x"), .health, .liveData(InstrumentToken(1)), .instruments("c"),
            .feedCommands(own),
            .feedStatus(own), .feedStatus("x"), .recorderSettings, .recorderStatus, .managerNudge, .busStatus,
        ]
        let allowed = candidates.filter { role.mayPublish($0, identity: own) }
        switch role {
        case .observer: #expect(allowed == [.managerNudge])
        case .feed: #expect(allowed == [.health, .instruments("c"), .feedStatus(own)])
        case .executor: #expect(allowed == [.strategyStatus(own), .strategyMetrics(own), .health])
        case .recorder: #expect(allowed == [.health, .recorderStatus])
        case .manager: #expect(allowed.count == candidates.count - 2)
        }
        #expect(role.maySendRecords == (role == .feed || role == .manager))
    }
}

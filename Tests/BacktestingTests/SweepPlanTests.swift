import Backtesting
import Testing
import TradingEngine
import TradingModel

@Suite struct SweepPlanTests {
    private static let declarations: [ParameterDeclaration] = [
        .integer("fast", default: 5, range: 1...500), .integer("slow", default: 20, range: 1...500),
        .number("width", default: 2, range: 0.1...10), .flag("closes", default: false),
    ]

    private func range(_ text: String) throws -> SweepRange {
        try SweepRange(text, declarations: Self.declarations)
    }

    @Test(arguments: [
        ("fast=5:20:5", ["5", "10", "15", "20"]), ("fast=5:19:5", ["5", "10", "15"]), ("fast=7:7:1", ["7"]),
        ("fast=1:3", ["1", "2", "3"]), ("width=0.1:0.5:0.2", ["0.1", "0.3", "0.5"]),
        ("fast=3,50,4", ["3", "50", "4"]),
        ("closes=true,false", ["true", "false"]),
    ])
    func rangeHasTheseValues(_ text: String, _ values: [String]) throws {
        #expect(try range(text).values == values)
    }

    @Test(arguments: [
        ("fast", "is not name=low:high:step"), ("=1:2:3", "is not name=low:high:step"),
        ("fast=1:x:1", "of decimals"), ("fast=1:2:3:4", "of decimals"), ("fast=1:5:0", "above zero"),
        ("fast=5:1:1", "ends below"), ("fast=0:5:1", "not within 1...500"), ("speed=1:5:1", "unknown"),
        ("fast=1.5:3:1", "not a valid integer"), ("fast=1,,2", "empty value"), ("fast=1,1", "twice"),
        ("width=0.00000001:90000000000:0.00000001", "more than"), ("closes=maybe", "not a valid flag"),
    ])
    func wrongRangeIsSaid(_ text: String, _ words: String) throws {
        let error = try #require(throws: BacktestError.self) { try range(text) }
        #expect(error.context.contains(words), "\(error.context)")
    }

    @Test(arguments: [
        ("fast < slow", true), ("slow<=fast", false), ("slow >= 2 * fast", true), ("slow == 4*fast", true),
        ("fast + 15 != slow", false), ("-fast < 0", true), ("slow / fast - 3 > 0.5", true),
        ("slow / 0 > 1", false),
        ("10 - fast - 2 >= 3", true),
    ])
    func constraintIsFulfilledOrNot(_ text: String, _ expected: Bool) throws {
        let values = ["fast": 5.0, "slow": 20.0]
        #expect(try SweepConstraint(text, names: ["fast", "slow"]).isFulfilled { values[$0] } == expected)
    }

    @Test(arguments: [
        "fast slow", "fast <", "< slow", "fast < slow slow", "fast < * 2", "fast < quick", "fast << slow", "",
    ])
    func wrongConstraintIsSaid(_ text: String) throws {
        let error = try #require(throws: BacktestError.self) {
            try SweepConstraint(text, names: ["fast", "slow"])
        }
        #expect(error.context.contains("constraint '\(text)'"))
    }

    @Test func gridHasAllPointsThatFulfilTheConstraints() throws {
        let plan = try SweepPlan(
            ranges: [range("fast=5:15:5"), range("slow=5:20:5")],
            constraints: [SweepConstraint("fast < slow", names: ["fast", "slow"])])
        #expect(
            plan.points.map { $0.parameters.map(\.text).joined(separator: " ") } == [
                "5 10", "5 15", "5 20", "10 15", "10 20", "15 20",
            ])
        #expect(plan.excludedCount == 6 && plan.points.map(\.index) == Array(0..<6))
        let shards = (1...4).map { plan.shard($0, of: 4) }
        #expect(shards.flatMap { $0 }.map(\.index).sorted() == Array(0..<6))
        #expect(shards.map(\.count) == [2, 2, 1, 1])
    }

    @Test func randomPointsAreDifferentFromEachOtherAndTheSameForTheSameSeed() throws {
        let ranges = [try range("fast=1:100:1"), try range("slow=1:100:1")]
        let constraints = [try SweepConstraint("fast < slow", names: ["fast", "slow"])]
        func points(_ count: Int, _ seed: UInt64) throws -> [SweepPoint] {
            try SweepPlan(ranges: ranges, constraints: constraints, randomCount: count, seed: seed).points
        }
        let first = try points(200, 4)
        let (again, other) = (try points(200, 4), try points(200, 5))
        #expect(first.count == 200 && first == again && first != other)
        #expect(Set(first.map { $0.parameters.map(\.text) }).count == 200)
        #expect(first.allSatisfy { Int($0.parameters[0].text)! < Int($0.parameters[1].text)! })
        // More than there are gives all of them.
        let small = try SweepPlan(ranges: [range("fast=1:5:1")], constraints: [], randomCount: 50)
        #expect(small.points.count == 5)
    }

    @Test func planWithoutPointsOrWithTwoRangesOfOneParameterIsRefused() throws {
        let never = try SweepConstraint("fast < 0", names: ["fast"])
        #expect(throws: BacktestError.self) {
            try SweepPlan(ranges: [range("fast=1:5:1")], constraints: [never])
        }
        #expect(throws: BacktestError.self) {
            try SweepPlan(ranges: [range("fast=1:5:1"), range("fast=7:9:1")], constraints: [])
        }
        #expect(throws: BacktestError.self) { try SweepPlan(ranges: [], constraints: []) }
        #expect(throws: BacktestError.self) {
            try SweepPlan(
                ranges: [range("fast=1:500:1"), range("slow=1:500:1"), range("width=0.1:10:0.1")],
                constraints: [])
        }
    }

    @Test func windowsFollowEachOtherAndCoverTheData() throws {
        let first = Timestamp(seconds: 1_000)
        let last = Timestamp(seconds: 1_000 + 100)
        let rolling = try WalkForwardWindow.all(
            from: first, through: last, inSample: .seconds(40), outOfSample: .seconds(20), isAnchored: false)
        #expect(rolling.map { $0.inSampleFrom.nanoseconds / 1_000_000_000 } == [1_000, 1_020, 1_040])
        #expect(rolling.map { $0.outOfSampleFrom.nanoseconds / 1_000_000_000 } == [1_040, 1_060, 1_080])
        #expect(zip(rolling, rolling.dropFirst()).allSatisfy { $0.outOfSampleUntil == $1.outOfSampleFrom })
        #expect(rolling.last?.outOfSampleUntil == Timestamp(nanoseconds: last.nanoseconds))
        let anchored = try WalkForwardWindow.all(
            from: first, through: last, inSample: .seconds(40), outOfSample: .seconds(20), isAnchored: true)
        #expect(anchored.allSatisfy { $0.inSampleFrom == first } && anchored.count == 3)
        // The last window is cut when half of it is there, and left out when less is.
        let longer = try WalkForwardWindow.all(
            from: first, through: Timestamp(seconds: 1_111), inSample: .seconds(40),
            outOfSample: .seconds(20),
            isAnchored: false)
        #expect(longer.count == 4 && longer[3].outOfSampleUntil == Timestamp(nanoseconds: 1_111_000_000_001))
        #expect(throws: BacktestError.self) {
            try WalkForwardWindow.all(
                from: first, through: last, inSample: .seconds(95), outOfSample: .seconds(20),
                isAnchored: false)
        }
    }
}

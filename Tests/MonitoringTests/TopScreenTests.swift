import ControlPlane
import Monitoring
import TestSupport
import Testing
import TradingModel

@Suite struct TopScreenTests {
    private let now = Timestamp(seconds: 1_780_000_000)

    /// An engine with strategies named a to e, whose PnL falls from a to e, all running as far as the rows say.
    private func overview() throws -> EngineOverview {
        let directory = try TemporaryDirectory()
        let home = HomeDirectory(path: directory.file("home"))
        try ControlStore.create(home)
        let store = try ControlStore.open(home, access: .manager)
        for (index, name) in ["a", "b", "c", "d", "e"].enumerated() {
            let row = try store.insertStrategy(NewStrategy(name: name, className: "crossing"))
            try store.insertMetrics([
                MetricsRow(strategyID: row.id, time: now, epoch: 1, realizedPnL: Money(10 - index))
            ])
        }
        let reader = OverviewReader()
        try reader.refresh(store, now: now)
        return reader.overview(
            OverviewReader.Surroundings(
                home: "/h", managerProcessID: 7, bus: BusView(), isAlive: { _ in true }),
            now: now)
    }

    private func names(_ screen: inout TopScreen) -> [String] {
        screen.lines(width: 200, height: 24, now: now).lines.dropFirst(4).compactMap {
            $0.split(separator: " ").first.map(String.init)
        }.filter { $0.count == 1 && $0 != "q" }
    }

    @Test func screenHasExactlyTheLinesOfTheTerminal() throws {
        var screen = TopScreen(try overview())
        for (width, height) in [(20, 4), (80, 24), (200, 60)] {
            let picture = screen.lines(width: width, height: height, now: now)
            #expect(picture.lines.count == height)
            #expect(picture.lines.allSatisfy { $0.count <= width })
        }
    }

    @Test func keysSortReverseAndFilter() throws {
        var screen = TopScreen(try overview())
        #expect(names(&screen) == ["a", "b", "c", "d", "e"])
        _ = screen.handle(.character("r"))
        #expect(names(&screen) == ["e", "d", "c", "b", "a"])
        for _ in 0..<2 { _ = screen.handle(.character("s")) }
        #expect(names(&screen) == ["a", "b", "c", "d", "e"], "by PnL, the best first")
        for key: TopScreen.Key in [.character("/"), .character("x"), .backspace, .character("c"), .enter] {
            #expect(screen.handle(key) == nil)
        }
        #expect(names(&screen).count == 5, "c is in the class of all of them")
        for key: TopScreen.Key in [.escape, .character("/"), .character("z")] { _ = screen.handle(key) }
        #expect(names(&screen).isEmpty)
    }

    @Test func commandIsSentAfterYesOnly() throws {
        let overview = try overview()
        var screen = TopScreen(overview)
        _ = screen.handle(.down)
        _ = screen.handle(.down)
        #expect(screen.handle(.character("P")) == nil)
        #expect(
            screen.lines(width: 80, height: 24, now: now).lines.last == "pause c?  y: yes, any other key: no")
        #expect(screen.handle(.character("n")) == nil)
        #expect(screen.handle(.character("y")) == nil, "the question is over")
        _ = screen.handle(.character("X"))
        #expect(
            screen.handle(.character("y")) == .send(command: "stop", strategyID: overview.strategies[2].id))
    }

    @Test func detailShowsOneStrategyAndEscapeGoesBack() throws {
        let overview = try overview()
        var screen = TopScreen(overview)
        screen.update(overview, events: [(overview.strategies[0].id, "crashed then")])
        _ = screen.handle(.enter)
        let lines = screen.lines(width: 120, height: 30, now: now).lines
        #expect(
            lines.contains { $0.contains("crashed then") } && lines.contains { $0.hasPrefix("a  crossing") })
        _ = screen.handle(.escape)
        #expect(names(&screen).count == 5)
        #expect(screen.handle(.character("q")) == .quit)
    }

    @Test func listScrollsWithTheSelection() throws {
        var screen = TopScreen(try overview())
        _ = screen.handle(.end)
        let picture = screen.lines(width: 80, height: 7, now: now)
        let selected = try #require(picture.selected)
        #expect(picture.lines[selected].hasPrefix("e "))
    }

    @Test func plotHasItsExtremesAndItsSize() {
        let plot = TextPlot((0..<100).map { (Double($0), Double($0 % 50)) }).rendered(width: 60, height: 8)
        let lines = plot.split(separator: "\n")
        #expect(lines.count == 8 && lines.allSatisfy { $0.count <= 60 })
        #expect(lines[0].hasPrefix("49.00") && lines[7].contains("0.00"))
        #expect(TextPlot([]).rendered(width: 60, height: 8).isEmpty)
        #expect(TextPlot([(1, 5)]).rendered(width: 20, height: 2).split(separator: "\n").count == 2)
    }
}

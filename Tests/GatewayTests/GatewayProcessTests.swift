import Foundation
import GatewayProtocol
import TestSupport
import Testing
import TradingModel

/// The gateway's promises, message by message, to a client that breaks off where it hurts.
@Suite(.serialized) struct GatewayProcessTests {
    private func order(_ epoch: UInt32, _ count: UInt32, symbol: String = "ALPHA") -> GatewayRequest {
        .submit(
            GatewayOrder(
                Order(
                    id: OrderID(epoch: epoch, count: count), token: InstrumentToken(symbol: symbol),
                    side: .buy,
                    type: .limit, price: Price(100), quantity: Quantity(1), createdAt: .epoch), symbol: symbol
            ))
    }

    private func id(_ epoch: UInt32, _ count: UInt32) -> OrderID { OrderID(epoch: epoch, count: count) }

    @Test func anOrderThatComesAgainChangesNothingAndIsCounted() throws {
        let gateway = try RawGateway()
        let client = try RawClient(gateway)
        _ = try client.state()
        for _ in 0..<3 { client.send(order(1, 1)) }
        let answers = try client.until { if case .known = $0 { true } else { false } } + [client.next()]
        guard case .report(let report) = answers[0], case .known(let known) = answers[1] else {
            Issue.record("\(answers)")
            return
        }
        #expect(report.event == .rejected && report.reason == "market_closed" && report.number == 1)
        #expect(known.status.value == .rejected)
        let found = try #require(try gateway.audit().of("s"))
        #expect(
            found.ordersSeen == 1 && found.duplicatesSeen == 2 && found.reports == 1 && found.faults.isEmpty)
    }

    @Test func aClientThatComesBackGetsExactlyWhatItMissed() throws {
        let gateway = try RawGateway()
        let first = try RawClient(gateway)
        _ = try first.state()
        for count in 1...20 { first.send(order(1, UInt32(count))) }
        for _ in 0..<20 { _ = try first.next() }
        for (session, since) in [(2, 0), (3, 7), (4, 20), (5, 99)] {
            let client = try RawClient(gateway, session: UInt64(session), since: UInt64(since))
            let (reports, state) = try client.state()
            #expect(reports.map(\.number) == Array((UInt64(since) + 1)..<max(21, UInt64(since) + 1)))
            #expect(state.lastReport == 20 && state.isComplete && state.orders.isEmpty)
        }
        let byID = try RawClient(gateway, session: 9, since: nil)
        byID.send(.query(.init(request: 5, ids: [id(1, 3), id(1, 30), id(1, 4)], externalSince: .max)))
        let (reports, state) = try byID.state()
        #expect(reports.map(\.id.value) == [id(1, 3), id(1, 4)])
        #expect(state.orders.map(\.id.value) == [id(1, 3), id(1, 4)])
        #expect(state.unknown.map(\.value) == [id(1, 30)] && state.request == 5)
    }

    @Test func moreReportsThanOneAnswerHoldsComeInPages() throws {
        let gateway = try RawGateway()
        let client = try RawClient(gateway)
        _ = try client.state()
        let count = GatewayLimits.reportsPerQueryMax + 10
        for number in 1...count { client.send(order(1, UInt32(number))) }
        for _ in 0..<count { _ = try client.next() }
        let back = try RawClient(gateway, session: 2, since: 3)
        let (page, state) = try back.state()
        #expect(page.count == GatewayLimits.reportsPerQueryMax && !state.isComplete)
        back.send(.query(.init(request: 2, since: state.lastReport)))
        let (rest, end) = try back.state()
        #expect(end.isComplete && (page + rest).map(\.number) == Array(4...UInt64(count)))
    }

    /// The ids have gaps and come in any order, as those of lists do; five finished orders are kept.
    @Test func ordersThatFinishedLongAgoAreForgottenAndNeverDoneAgain() throws {
        let gateway = try RawGateway("--keep-finished", "5")
        let client = try RawClient(gateway)
        _ = try client.state()
        let counts: [UInt32] = [1, 2, 4, 3, 9, 7, 8, 20, 10, 12, 13, 14, 15, 16, 17]
        for count in counts { client.send(order(1, count)) }
        for _ in counts { _ = try client.next() }
        for isRestarted in [false, true] {
            if isRestarted {
                gateway.kill()
                try gateway.start()
            }
            let back = try RawClient(gateway, epoch: isRestarted ? 2 : 1, session: 2, since: 0)
            guard case .refused(let gone) = try back.next() else {
                Issue.record("reports that are gone were given")
                return
            }
            #expect(gone.what == "query" && gone.reason == "reports_gone" && gone.request == 1)
            back.send(.query(.init(request: 2, since: 10)))
            let (kept, state) = try back.state()
            #expect(kept.map(\.number) == [11, 12, 13, 14, 15] && state.isComplete && state.lastReport == 15)
            back.send(.query(.init(request: 3, ids: [id(1, 4), id(1, 5), id(1, 17)], externalSince: .max)))
            let (reports, byID) = try back.state()
            #expect(reports.map(\.id.value) == [id(1, 17)] && byID.orders.map(\.id.value) == [id(1, 17)])
        }
        let third = try RawClient(gateway, epoch: 3, session: 3, since: nil)
        third.send(.query(.init(request: 1, ids: [], externalSince: .max)))
        _ = try third.state()
        for count in counts { third.send(order(3, count)) }
        for _ in counts { _ = try third.next() }
        for count in counts.prefix(10) { third.send(order(3, count)) }
        for count in counts.prefix(10) {
            #expect(
                try third.next()
                    == .refused(.init(what: "submit", id: id(3, count), reason: "finished_before")))
        }
        // One that never came is new, although later ones have come and gone.
        third.send(order(3, 5))
        guard case .report(let report) = try third.next() else {
            Issue.record("no report")
            return
        }
        #expect(report.id.value == id(3, 5) && report.number == 31)
        let found = try #require(try gateway.audit().of("s"))
        #expect(found.ordersSeen == 31 && found.duplicatesSeen == 10 && found.faults.isEmpty)
    }

    @Test func aLaterSessionEndsTheFormerOneUnread() throws {
        let gateway = try RawGateway()
        let old = try RawClient(gateway)
        _ = try old.state()
        // The gateway stands still while the old client sends and the new one comes.
        gateway.run?.signal(SIGSTOP)
        let new = try RawClient(socket: gateway.socket)
        new.send(.hello(.init(strategy: "s", epoch: 2, session: 1, instruments: [.init(symbol: "ALPHA")])))
        new.send(.query(.init(request: 1, ids: [id(1, 1)], externalSince: 0)))
        old.send(order(1, 1))
        gateway.run?.signal(SIGCONT)
        let (_, state) = try new.state()
        let seen = try gateway.audit().of("s")?.ordersSeen ?? 0
        // Whichever was read first, what the new client heard is final.
        #expect(state.unknown.isEmpty == (seen == 1))
        #expect(throws: (any Error).self) { _ = try old.until { _ in false } }
        #expect(try gateway.audit().of("s")?.ordersSeen == seen)
    }

    static let hellos: [(epoch: UInt32, session: UInt64)] = [(2, 5), (2, 4), (1, 9)]

    @Test(arguments: hellos) func aHelloThatIsNotLaterIsRefused(epoch: UInt32, session: UInt64) throws {
        let gateway = try RawGateway()
        let newest = try RawClient(gateway, epoch: 2, session: 5)
        _ = try newest.state()
        let late = try RawClient(socket: gateway.socket)
        late.send(.hello(.init(strategy: "s", epoch: epoch, session: session, instruments: [])))
        guard case .failure(let failure) = try late.next() else {
            Issue.record("it was taken")
            return
        }
        #expect(failure.reason == "stale_session")
        newest.send(.ping(.init(request: 8)))
        #expect(try newest.next() == .pong(.init(request: 8)), "the newest one stays")
    }

    @Test func aKilledGatewayKnowsAllThatItAnsweredAndCutsATornLine() throws {
        let gateway = try RawGateway()
        let client = try RawClient(gateway)
        _ = try client.state()
        for count in 1...50 { client.send(order(1, UInt32(count))) }
        for _ in 0..<50 { _ = try client.next() }
        gateway.kill()
        let torn = try #require(FileHandle(forWritingAtPath: gateway.log))
        try torn.seekToEnd()
        try torn.write(contentsOf: Data(#"{"at":1,"kind":"ord"#.utf8))
        try torn.close()
        try gateway.start()
        #expect(gateway.run?.standardError.contains("cut 19 bytes off the log") == true)
        let back = try RawClient(gateway, session: 1, since: 0)
        let (reports, _) = try back.state()
        #expect(reports.count == 50)
        back.send(order(1, 50))
        guard case .known = try back.next() else {
            Issue.record("the order of the former process is not known")
            return
        }
        let found = try #require(try gateway.audit().of("s"))
        #expect(found.ordersSeen == 50 && found.duplicatesSeen == 1 && found.faults.isEmpty)
    }

    @Test func aDamagedLogAndASecondGatewayAreRefused() throws {
        let gateway = try RawGateway()
        let second = try gateway.launch()
        #expect(second.wait(seconds: 20) == 65)
        #expect(second.standardError.contains("another order gateway writes to"), "\(second.standardError)")
        gateway.kill()
        try Data("{}\n".utf8).write(to: URL(fileURLWithPath: gateway.log))
        let damaged = try gateway.launch()
        #expect(damaged.wait(seconds: 20) == 65)
        #expect(damaged.standardError.contains("line 1 of"), "\(damaged.standardError)")
    }

    @Test func requestsThatCannotBeAreAnsweredAndChangeNothing() throws {
        let gateway = try RawGateway()
        let client = try RawClient(gateway)
        _ = try client.state()
        client.send(order(2, 1))
        client.send(.cancel(.init(id: id(1, 7))))
        client.send(.cancelAll(.init(request: 3, strategy: "other")))
        client.send(order(1, 1, symbol: "GAMMA"))
        client.send(.cancelAll(.init(request: 4)))
        let answers = try client.until { if case .done = $0 { true } else { false } }
        #expect(
            answers == [
                .refused(.init(what: "submit", id: id(2, 1), reason: "wrong_epoch")),
                .refused(.init(what: "cancel", id: id(1, 7), reason: "unknown_order")),
                .refused(.init(what: "cancel_all", request: 3, reason: "not_permitted")),
                .report(
                    {
                        var report = GatewayReport(
                            id: id(1, 1), event: .rejected, time: .epoch, reason: "unknown_symbol")
                        report.number = 1
                        return report
                    }()),
                .done(.init(request: 4, canceledCount: 0, positions: [])),
            ])
        let control = try RawClient(socket: gateway.socket)
        control.send(.hello(.init(kind: .control)))
        control.send(order(1, 2))
        control.send(.flatten(.init(request: 5, strategy: "nobody")))
        _ = try control.next()
        #expect(try control.next() == .refused(.init(what: "submit", reason: "not_a_strategy")))
        #expect(
            try control.next() == .refused(.init(what: "flatten", request: 5, reason: "unknown_strategy")))
    }

    static let wrong: [(first: [UInt8], reason: String)] = [
        ([0xFF, 0xFF, 0xFF, 0xFF], "bad_message"), ([2, 0, 0, 0, 0x7B, 0x7D], "bad_message"),
        (framed(#"{"type":"ping","request":1}"#), "no_hello"),
        (framed(#"{"type":"hello","version":9,"kind":"control"}"#), "version"),
        (framed(#"{"type":"hello","version":1,"kind":"strategy","strategy":"s"}"#), "bad_hello"),
    ]

    private static func framed(_ json: String) -> [UInt8] {
        withUnsafeBytes(of: UInt32(json.utf8.count).littleEndian) { Array($0) } + Array(json.utf8)
    }

    @Test(arguments: wrong) func aConnectionThatBeginsWronglyEndsWithTheReason(first: [UInt8], reason: String)
        throws
    {
        let gateway = try RawGateway()
        let client = try RawClient(socket: gateway.socket)
        client.send(bytes: first)
        guard case .failure(let failure) = try client.next() else {
            Issue.record("it was taken")
            return
        }
        #expect(failure.reason == reason)
        #expect(throws: RawClient.Closed.self) { _ = try client.next() }
    }

    /// A gateway with a bus on which nothing is sent: the market is open, and limit orders rest.
    private func openGateway() throws -> (RawGateway, bus: ProgramRun) {
        let gateway = try RawGateway()
        let bus = try TradewindProgram.start(
            "bus", "serve", "--socket", gateway.directory.path + "/no-bus.sock", home: gateway.directory.path)
        let isOpen = waitUntil(seconds: 20) {
            gateway.run?.standardError.contains("the market is open") == true || !bus.isRunning
        }
        try #require(isOpen, "\(bus.standardError)")
        return (gateway, bus)
    }

    @Test func changedTermsAreAnsweredAndSurviveTheGateway() throws {
        let (gateway, bus) = try openGateway()
        let client = try RawClient(gateway)
        _ = try client.state()
        client.send(order(1, 1))
        client.send(
            .modify(
                .init(
                    id: id(1, 1), terms: .init(price: Price(90), triggerPrice: .zero, quantity: Quantity(5))))
        )
        client.send(
            .modify(.init(id: id(1, 1), terms: .init(price: Price(90), triggerPrice: .zero, quantity: .zero)))
        )
        client.send(
            .modify(
                .init(
                    id: id(1, 2), terms: .init(price: Price(90), triggerPrice: .zero, quantity: Quantity(1))))
        )
        client.send(.query(.init(request: 2, since: 99)))
        let answers = try client.until { if case .state = $0 { true } else { false } }
        let events = answers.compactMap { if case .report(let report) = $0 { report.event } else { nil } }
        #expect(events == [.accepted, .modified, .modifyRejected])
        #expect(answers.contains(.refused(.init(what: "modify", id: id(1, 2), reason: "unknown_order"))))
        gateway.kill()
        try gateway.start()
        let back = try RawClient(gateway, session: 1, since: 3)
        let (reports, state) = try back.state()
        #expect(reports.isEmpty && state.orders.map(\.quantity) == [Quantity(5)])
        back.send(.cancel(.init(id: id(1, 1))))
        back.send(
            .modify(
                .init(
                    id: id(1, 1), terms: .init(price: Price(91), triggerPrice: .zero, quantity: Quantity(1))))
        )
        let last = try back.until {
            if case .report(let report) = $0 { report.event == .modifyRejected } else { false }
        }
        guard case .report(let canceled) = last[last.count - 2], case .report(let late) = last[last.count - 1]
        else {
            Issue.record("\(last)")
            return
        }
        #expect(canceled.event == .canceled && late.reason == "not_open")
        bus.signal(SIGTERM)
    }

    @Test func aTakeOutUpToAnEpochLeavesTheOrdersOfLaterProcesses() throws {
        let (gateway, bus) = try openGateway()
        let first = try RawClient(gateway)
        _ = try first.state()
        first.send(order(1, 1))
        _ = try first.next()
        let second = try RawClient(gateway, epoch: 2)
        _ = try second.state()
        second.send(order(2, 1))
        _ = try second.next()
        let result = try OrderGateway.run(["cancel-all", "--socket", gateway.socket, "--epoch", "1", "s"])
        #expect(
            result.exitCode == 0 && result.output.contains(#""canceled":1"#),
            "\(result.output)\(result.errors)")
        #expect(try gateway.audit().of("s")?.openOrders == ["2-1"])
        second.send(order(2, 2))
        let answers = try second.until {
            if case .report(let report) = $0 { report.id.value == id(2, 2) } else { false }
        }
        guard case .report(let accepted) = answers[answers.count - 1] else { return }
        #expect(accepted.event == .accepted, "a later process trades on")
        _ = try OrderGateway.run(["flatten", "--socket", gateway.socket, "--epoch", "2", "s"])
        second.send(order(2, 3))
        let refused = try second.until {
            if case .report(let report) = $0 { report.id.value == id(2, 3) } else { false }
        }
        guard case .report(let rejected) = refused[refused.count - 1] else { return }
        #expect(rejected.event == .rejected && rejected.reason == "taken_out_of_market")
        let nobody = try OrderGateway.run(["flatten", "--socket", gateway.socket, "nobody"])
        #expect(nobody.exitCode == 1 && nobody.errors.contains("unknown_strategy"), "\(nobody.errors)")
        bus.signal(SIGTERM)
    }
}

import MessageBus
package import TradingModel

/// The full-screen view of `tradewind top`: what is shown and what keys do. Pure: no terminal, no clock.
///
/// Modes: `list` -> `detail` (Enter) -> `list` (Escape); `list` -> `filter` (/) -> `list`; `list` or `detail` -> `question`
/// (a command's key) -> back, with an action after y.
package struct TopScreen {
    /// What a key means.
    package enum Key: Equatable, Sendable {
        case up, down, pageUp, pageDown, home, end, enter, escape, backspace
        case character(Character)
    }

    /// What is to be done outside.
    package enum Action: Equatable, Sendable {
        case quit
        /// Insert a command for a strategy, by its id.
        case send(command: String, strategyID: String)
    }

    private enum Mode: Equatable {
        case list
        case detail
        case filter
        case question(command: String, strategyID: String, name: String, isInDetail: Bool)
    }

    /// What the list can be sorted by, in the order that the key s goes through.
    private enum Sort: String, CaseIterable {
        case name, status, pnl, orders, cpu, memory
    }

    private static let commands: [Character: String] = [
        "S": "start", "X": "stop", "P": "pause", "R": "resume", "T": "restart", "F": "flatten",
    ]

    /// What is shown.
    package var overview: EngineOverview
    /// A line at the bottom, such as what became of a command.
    package var message = ""
    private var events: [(strategyID: String, text: String)] = []
    private var mode = Mode.list
    private var sort = Sort.name
    private var isReversed = false
    private var filter = ""
    private var selectedID: String?
    private var firstLine = 0
    private var pageLines = 10

    /// Begins with the list.
    package init(_ overview: EngineOverview) { self.overview = overview }

    /// Takes a newer overview and the last events as text, oldest first.
    package mutating func update(_ overview: EngineOverview, events: [(strategyID: String, text: String)]) {
        self.overview = overview
        self.events = events
    }

    // MARK: - Keys

    /// Does what a key means.
    package mutating func handle(_ key: Key) -> Action? {
        switch mode {
        case .filter: handleFilter(key)
        case .question(let command, let id, _, let isInDetail):
            mode = isInDetail ? .detail : .list
            if key == .character("y") || key == .character("Y") {
                return .send(command: command, strategyID: id)
            }
            message = "nothing was done"
        case .list, .detail: return handleCommand(key)
        }
        return nil
    }

    private mutating func handleFilter(_ key: Key) {
        switch key {
        case .enter: mode = .list
        case .escape:
            filter = ""
            mode = .list
        case .backspace: if !filter.isEmpty { filter.removeLast() }
        case .character(let character): if filter.count < 64 { filter.append(character) }
        default: move(key)
        }
    }

    private mutating func handleCommand(_ key: Key) -> Action? {
        message = ""
        guard case .character(let character) = key else {
            switch key {
            case .enter: if selected != nil { mode = .detail }
            case .escape: if mode == .detail { mode = .list } else { filter = "" }
            default: move(key)
            }
            return nil
        }
        if let command = Self.commands[character] {
            if let line = selected {
                mode = .question(
                    command: command, strategyID: line.id, name: line.name, isInDetail: mode == .detail)
            }
            return nil
        }
        switch character {
        case "q": if mode == .detail { mode = .list } else { return .quit }
        case "j": move(.down)
        case "k": move(.up)
        case "/": if mode == .list { mode = .filter }
        case "s":
            let all = Sort.allCases
            let index = all.firstIndex(of: sort) ?? 0
            sort = all[(index + 1) % all.count]
            isReversed = false
        case "r": isReversed.toggle()
        default: message = "? keys: q quit  s sort  r reverse  / filter  Enter detail  S X P R T F commands"
        }
        return nil
    }

    private mutating func move(_ key: Key) {
        let lines = shown
        guard !lines.isEmpty else { return }
        let index = lines.firstIndex { $0.id == selectedID } ?? 0
        let target =
            switch key {
            case .up: index - 1
            case .down: index + 1
            case .pageUp: index - pageLines
            case .pageDown: index + pageLines
            case .home: 0
            case .end: lines.count - 1
            default: index
            }
        selectedID = lines[min(max(target, 0), lines.count - 1)].id
    }

    // MARK: - Lines

    private var selected: StrategyLine? {
        let lines = shown
        return lines.first { $0.id == selectedID } ?? lines.first
    }

    /// The strategies that the filter lets through, sorted.
    private var shown: [StrategyLine] {
        let wanted = filter.lowercased()
        let lines = overview.strategies.filter {
            wanted.isEmpty || $0.name.lowercased().contains(wanted) || $0.className.contains(wanted)
                || $0.status.contains(wanted)
        }
        let sorted =
            switch sort {
            case .name: lines
            case .status: lines.sorted { ($0.status, $0.name) < ($1.status, $1.name) }
            case .pnl: lines.sorted { ($1.pnl ?? .zero, $0.name) < ($0.pnl ?? .zero, $1.name) }
            case .orders: lines.sorted { ($1.ordersCount ?? 0, $0.name) < ($0.ordersCount ?? 0, $1.name) }
            case .cpu: lines.sorted { ($1.cpuPercent ?? 0, $0.name) < ($0.cpuPercent ?? 0, $1.name) }
            case .memory: lines.sorted { ($1.residentBytes ?? 0, $0.name) < ($0.residentBytes ?? 0, $1.name) }
            }
        return isReversed ? sorted.reversed() : sorted
    }

    /// The screen: exactly `height` lines of at most `width` characters; the number of the selected one.
    package mutating func lines(width: Int, height: Int, now: Timestamp) -> (lines: [String], selected: Int?)
    {
        var lines = header(now)
        var selectedLine: Int?
        let room = max(1, height - lines.count - 1)
        if mode == .detail || isQuestionInDetail, let line = selected {
            lines += detail(line, now).prefix(room)
        } else {
            pageLines = max(1, room - 1)
            let table = Self.table(shown, now)
            let index = shown.firstIndex { $0.id == selected?.id } ?? 0
            if index < firstLine { firstLine = index }
            if index >= firstLine + pageLines { firstLine = index - pageLines + 1 }
            firstLine = max(0, min(firstLine, max(0, shown.count - pageLines)))
            lines.append(table.first ?? "")
            let rows = table.dropFirst().dropFirst(firstLine).prefix(pageLines)
            if !rows.isEmpty { selectedLine = lines.count + index - firstLine }
            lines += rows
            if shown.isEmpty {
                lines.append(filter.isEmpty ? "no strategies" : "no strategy matches \(filter)")
            }
        }
        lines = Array(lines.prefix(height - 1))
        while lines.count < height - 1 { lines.append("") }
        lines.append(footer)
        return (lines.map { String($0.prefix(width)) }, selectedLine)
    }

    private var isQuestionInDetail: Bool {
        if case .question(_, _, _, true) = mode { return true }
        return false
    }

    private func header(_ now: Timestamp) -> [String] {
        let counts = Dictionary(grouping: overview.strategies, by: \.status).mapValues(\.count)
        let states = counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        let manager = overview.managerProcessID.map { "manager \($0)" } ?? "NO MANAGER"
        var bus = "bus does not answer"
        if let reading = overview.bus {
            bus =
                "\(decimal(reading.recordsInPerSecond ?? 0, places: 0)) ticks/s, \(reading.totals.recordsDropped) dropped"
        }
        var lines = [
            "tradewind  \(overview.home)  \(manager)  \(bus)",
            "PnL \(decimal(overview.pnl.doubleValue, places: 2))  \(states)",
        ]
        if let problem = overview.databaseProblem { lines.append("DATABASE: \(problem)") }
        lines.append("")
        return lines
    }

    private var footer: String {
        switch mode {
        case .filter: "filter: \(filter)_"
        case .question(let command, _, let name, _): "\(command) \(name)?  y: yes, any other key: no"
        case .list, .detail:
            message.isEmpty
                ? "q quit  ↑↓ select  Enter detail  s sort (\(sort.rawValue)\(isReversed ? ", reversed" : ""))  r reverse  / filter"
                    + (filter.isEmpty ? "" : " (\(filter))")
                    + "  S start  X stop  P pause  R resume  T restart  F flatten"
                : message
        }
    }

    private static func table(_ strategies: [StrategyLine], _ now: Timestamp) -> [String] {
        var table = TextTable(
            "strategy", "status", "health", ">PnL", ">realised", ">positions", ">orders", ">success", ">tick",
            ">CPU",
            ">memory", ">restarts", ">dropped", "class")
        for line in strategies {
            table.append(
                line.name, line.status, line.health?.rawValue ?? "-", money(line.pnl),
                money(line.realizedPnL),
                line.positionsCount.map(String.init) ?? "-", line.ordersCount.map(String.init) ?? "-",
                line.successRate.map { decimal($0 * 100, places: 0) + " %" } ?? "-",
                line.processID == nil ? "-" : age(line.lastTickAt, now),
                line.cpuPercent.map { decimal($0, places: 1) + " %" } ?? "-",
                line.residentBytes.map { decimal(Double($0) / 1_048_576, places: 1) + " MiB" } ?? "-",
                String(line.restarts), line.recordsDropped.map(String.init) ?? "-", line.className)
        }
        return table.rendered().split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    private func detail(_ line: StrategyLine, _ now: Timestamp) -> [String] {
        var lines = [
            "\(line.name)  \(line.className)  \(line.status), wanted \(line.desiredState), health \(line.health?.rawValue ?? "-")",
            "since \(line.statusSince?.description ?? "-")  \(line.reason ?? "")", "",
            "PnL \(Self.money(line.pnl))  realised \(Self.money(line.realizedPnL))  unrealised \(Self.money(line.unrealizedPnL))"
                + "  fees \(Self.money(line.fees))  equity \(Self.money(line.equity))  drawdown \(Self.money(line.drawdown))",
            "orders \(line.ordersCount ?? 0)  fills \(line.fillsCount ?? 0)  restarts \(line.restarts)  "
                + "process \(line.processID.map(String.init) ?? "-")  last tick \(Self.age(line.lastTickAt, now))",
            "",
        ]
        lines += line.positions.map { "\($0.symbol)  \($0.quantity) at \($0.averagePrice)" }
        if line.positions.isEmpty { lines.append("flat") }
        lines.append("")
        lines += events.filter { $0.strategyID == line.id }.suffix(12).map(\.text)
        return lines
    }

    private static func money(_ value: Money?) -> String {
        value.map { decimal($0.doubleValue, places: 2) } ?? "-"
    }

    private static func age(_ time: Timestamp?, _ now: Timestamp) -> String {
        guard let time else { return "-" }
        let seconds = max(0, Double((now - time).wholeNanoseconds) / 1e9)
        if seconds < 10 { return decimal(seconds, places: 1) + " s" }
        if seconds < 100 { return decimal(seconds, places: 0) + " s" }
        return seconds < 6_000
            ? decimal(seconds / 60, places: 0) + " min" : decimal(seconds / 3_600, places: 0) + " h"
    }
}

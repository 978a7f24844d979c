import Foundation
import Tradewind

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Well behaved: measures the longest time between two quotes, in windows of about a second.
struct GapMeter: Strategy {
    static let name = "gap_meter"
    static let summary = "Measures the pauses between quotes"
    static let parameters: [ParameterDeclaration] = []

    private var last: ContinuousClock.Instant?
    private var windowStart = ContinuousClock.now
    private var longest: Duration = .zero

    init(parameters: ParameterValues) {}

    mutating func onQuote(_ quote: Quote, token: InstrumentToken, context: StrategyContext) {
        let now = ContinuousClock.now
        if let last { longest = max(longest, now - last) }
        last = now
        guard now - windowStart > .milliseconds(900) else { return }
        context.metric("gap_ms", longest / .milliseconds(1))
        windowStart = now
        longest = .zero
    }
}

/// Computes for ever at its first quote: it hears no command and no request to end.
struct Spinner: Strategy {
    static let name = "spinner"
    static let summary = "Never returns from its first quote"
    static let parameters: [ParameterDeclaration] = []

    init(parameters: ParameterValues) {}

    mutating func onQuote(_ quote: Quote, token: InstrumentToken, context: StrategyContext) {
        var number: UInt64 = 1
        while number != 0 { number = number &* 6_364_136_223_846_793_005 | 1 }
    }
}

/// Computes for ever at one of its quotes.
struct Endless: Strategy {
    static let name = "endless"
    static let summary = "Never returns from a quote of its choice"
    static let parameters: [ParameterDeclaration] = [
        .integer("quotes", default: 1, range: 0...1_000_000, help: "which quote; 0 is none")
    ]

    private var left: Int

    init(parameters: ParameterValues) { left = parameters.integer("quotes") }

    mutating func onQuote(_ quote: Quote, token: InstrumentToken, context: StrategyContext) {
        left -= 1
        var number: UInt64 = 1
        while left == 0, number != 0 { number = number &* 6_364_136_223_846_793_005 | 1 }
    }
}

/// Prints for ever at its first quote.
struct Printer: Strategy {
    static let name = "printer"
    static let summary = "Prints without end"
    static let parameters: [ParameterDeclaration] = []

    init(parameters: ParameterValues) {}

    mutating func onQuote(_ quote: Quote, token: InstrumentToken, context: StrategyContext) {
        let line = String(repeating: "all work and no play makes a dull log ", count: 25)
        var number = 0
        while number >= 0 {
            print(number, line)
            number += 1
        }
    }
}

/// Ends at once, with a code of its choice.
struct Exiter: Strategy {
    static let name = "exiter"
    static let summary = "Ends at once"
    static let parameters: [ParameterDeclaration] = [
        .integer("code", default: 1, range: 0...255, help: "the exit code")
    ]

    private let code: Int32

    init(parameters: ParameterValues) { code = Int32(parameters.integer("code")) }

    mutating func onStart(_ context: StrategyContext) { exit(code) }
}

/// Starts a process of its own that outlives it if it is let.
struct Forker: Strategy {
    static let name = "forker"
    static let summary = "Starts another process"
    static let parameters: [ParameterDeclaration] = []

    init(parameters: ParameterValues) {}

    mutating func onStart(_ context: StrategyContext) {
        var pid: pid_t = 0
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("sleep"), strdup("600"), nil]
        defer { for argument in arguments { free(argument) } }
        let result = posix_spawnp(&pid, "sleep", nil, nil, &arguments, nil)
        context.log("grandchild \(result == 0 ? pid : -1)")
    }
}

/// Takes for ever to be made.
struct NeverReady: Strategy {
    static let name = "never_ready"
    static let summary = "Never becomes ready"
    static let parameters: [ParameterDeclaration] = []

    init(parameters: ParameterValues) { while true { sleep(60) } }
}

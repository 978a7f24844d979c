import Backtesting
import Foundation
import TradingEngine
import TradingModel

/// A process that runs points of a sweep: requests come on standard input, answers go to standard output, a line of
/// JSON each; the first line is the job. Its end is the end of its input.
enum SweepWorker {
    /// The hidden first argument.
    static let verb = "sweep-worker"

    /// Works to the end; the exit code.
    static func run(registry: AppRegistry) -> Int32 {
        signal(SIGPIPE, SIG_IGN)
        guard let first = readLine(),
            let job = try? JSONDecoder().decode(SweepJob.self, from: Data(first.utf8)),
            let strategy = registry.strategy(named: job.className)
        else {
            printError("'\(verb)' is started by 'tradewind sweep' only")
            return 64
        }
        while let line = readLine() {
            guard let request = try? JSONDecoder().decode(SweepRequest.self, from: Data(line.utf8)) else {
                return 65
            }
            guard let text = try? JSONEncoder().encode(answer(request, job, strategy)) else { return 70 }
            print(String(decoding: text, as: UTF8.self))
        }
        return 0
    }

    private static func answer(
        _ request: SweepRequest, _ job: SweepJob, _ strategy: any Strategy.Type
    ) -> SweepAnswer {
        let started = ContinuousClock.now
        do {
            let result = try Backtest.run(strategy: strategy, settings: job.settings(for: request))
            var figures: [String: Double] = [:]
            for metric in StatisticsMetric.all { figures[metric.name] = metric.value(result.statistics) }
            return SweepAnswer(
                figures: figures, orderCount: result.ordersCount, fillCount: result.fillsCount,
                orderLogHash: result.orderLogHash,
                seconds: Double((ContinuousClock.now - started).wholeNanoseconds) / 1e9)
        } catch {
            return SweepAnswer(
                error: "\(error)", figures: [:], orderCount: 0, fillCount: 0, orderLogHash: "", seconds: 0)
        }
    }
}

extension SweepJob {
    /// What a point's backtest runs on.
    func settings(for request: SweepRequest) -> BacktestSettings {
        var settings = BacktestSettings(
            files: files, symbols: symbols,
            parameters: (parameters + request.parameters).map { ($0.name, $0.text) },
            venue: venue.map { ($0.name, $0.text) }, limits: limits.map { ($0.name, $0.text) }, seed: seed,
            from: request.from.map { Timestamp(nanoseconds: $0) },
            until: request.until.map { Timestamp(nanoseconds: $0) }, daysPerYear: daysPerYear)
        if let warmUpRecords { settings.warmUp = .records(warmUpRecords) }
        if let warmUpSeconds { settings.warmUp = .time(.seconds(warmUpSeconds)) }
        return settings
    }
}

import TradingModel

/// One set of parameters of a sweep.
package struct SweepPoint: Equatable, Sendable {
    /// Its number in the whole sweep, from 0; the same in every shard.
    package var index: Int
    /// The swept parameters, in the order of the ranges.
    package var parameters: [(name: String, text: String)]

    package static func == (left: SweepPoint, right: SweepPoint) -> Bool {
        left.index == right.index && left.parameters.elementsEqual(right.parameters) { $0 == $1 }
    }
}

/// The points of a sweep: all of a grid, or some drawn from it.
package struct SweepPlan: Sendable {
    package let ranges: [SweepRange]
    package let constraints: [SweepConstraint]
    /// In order; those that break a constraint, or that the strategy refuses, are not among them.
    package let points: [SweepPoint]
    /// Points of the grid that broke a constraint.
    package let excludedCount: Int

    /// Makes the points; the last range changes fastest. With `randomCount` so many different points are drawn with
    /// the seed, in the order drawn, or all there are when that is fewer.
    package init(
        ranges: [SweepRange], constraints: [SweepConstraint], randomCount: Int? = nil, seed: UInt64 = 0
    ) throws(BacktestError) {
        guard !ranges.isEmpty else { throw BacktestError(context: "a sweep needs at least one --range") }
        for (index, range) in ranges.enumerated()
        where ranges[..<index].contains(where: { $0.name == range.name }) {
            throw BacktestError(context: "\(range.name) has two ranges")
        }
        var total = 1
        for range in ranges {
            let (product, overflow) = total.multipliedReportingOverflow(by: range.values.count)
            guard !overflow else { throw Self.tooMany }
            total = product
        }
        self.ranges = ranges
        self.constraints = constraints
        var points: [SweepPoint] = []
        var excluded = 0
        if let randomCount {
            guard randomCount > 0, randomCount <= Limits.sweepPointsMax else {
                throw BacktestError(context: "--random must be 1 to \(Limits.sweepPointsMax)")
            }
            (points, excluded) = Self.draw(randomCount, of: total, ranges, constraints, seed)
        } else {
            guard total <= Limits.sweepPointsMax else { throw Self.tooMany }
            for number in 0..<total {
                let parameters = Self.parameters(number, ranges)
                if Self.isAllowed(parameters, constraints) {
                    points.append(SweepPoint(index: points.count, parameters: parameters))
                } else {
                    excluded += 1
                }
            }
        }
        guard !points.isEmpty else {
            throw BacktestError(context: "no point fulfils the constraints; all \(excluded) break one")
        }
        self.points = points
        excludedCount = excluded
    }

    /// The points of one of several shards: every `count`-th, from the `number`-th on (from 1).
    package func shard(_ number: Int, of count: Int) -> [SweepPoint] {
        points.filter { $0.index % count == number - 1 }
    }

    /// Draws different numbers of the grid until there are enough, or until nearly all draws bring nothing new.
    private static func draw(
        _ wanted: Int, of total: Int, _ ranges: [SweepRange], _ constraints: [SweepConstraint], _ seed: UInt64
    ) -> ([SweepPoint], Int) {
        var generator = SeededGenerator(seed: seed)
        var seen: Set<Int> = []
        var points: [SweepPoint] = []
        var excluded = 0
        var drawsLeft = 100 * wanted + 10_000
        while points.count < wanted, seen.count < total, drawsLeft > 0 {
            drawsLeft -= 1
            let number = Int.random(in: 0..<total, using: &generator)
            guard seen.insert(number).inserted else { continue }
            let parameters = parameters(number, ranges)
            guard isAllowed(parameters, constraints) else {
                excluded += 1
                continue
            }
            points.append(SweepPoint(index: points.count, parameters: parameters))
        }
        return (points, excluded)
    }

    private static func parameters(_ number: Int, _ ranges: [SweepRange]) -> [(name: String, text: String)] {
        var rest = number
        var reversed: [(name: String, text: String)] = []
        for range in ranges.reversed() {
            reversed.append((range.name, range.values[rest % range.values.count]))
            rest /= range.values.count
        }
        return reversed.reversed()
    }

    private static func isAllowed(
        _ parameters: [(name: String, text: String)], _ constraints: [SweepConstraint]
    ) -> Bool {
        constraints.allSatisfy { constraint in
            constraint.isFulfilled { name in parameters.first { $0.name == name }.flatMap { Double($0.text) }
            }
        }
    }

    private static var tooMany: BacktestError {
        BacktestError(
            context: "the grid has more than \(Limits.sweepPointsMax) points; take longer steps or --random N"
        )
    }
}

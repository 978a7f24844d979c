import ArgumentParser
import Foundation
import Monitoring

extension BusCommand {
    /// `tradewind bus bench`
    struct Bench: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Measure throughput and latency over a real broker, every part a process of its own.",
            discussion: """
                Needs no home. The broker, each subscriber and the publisher are started for each row and ended after it. \
                Throughput rows publish as fast as the broker takes records and lose nothing; latency rows publish at a \
                pace, in the class that may drop, and time each record from just before its send to its receiver.
                """)

        @OptionGroup var home: IgnoredHomeOption
        @Option(help: "How many subscribers, as a list.") var subscribers = "1,4,16,64"
        @Option(help: "How many tokens are published in turn; every subscriber reads all.") var topics = 1
        @Option(help: "Records handed over at once in throughput rows.") var batch = 64
        @Option(help: "Paces of latency rows, records a second, as a list; 0 leaves them out.") var rates =
            "10000,50000"
        @Option(help: "How long a row takes, about.") var seconds = 1.0
        @Flag(help: "Print JSON.") var json = false

        func validate() throws {
            guard try list(subscribers).allSatisfy({ (1...1_024).contains($0) }) else {
                throw ValidationError("--subscribers takes numbers from 1 to 1024")
            }
            guard (1...100_000).contains(topics), (1...10_000).contains(batch) else {
                throw ValidationError("--topics takes 1 to 100000, --batch 1 to 10000")
            }
            guard (0.01...30).contains(seconds) else { throw ValidationError("--seconds takes 0.01 to 30") }
            guard try list(rates).allSatisfy({ (0...10_000_000).contains($0) }) else {
                throw ValidationError("--rates takes numbers from 0 to 10000000")
            }
        }

        func run() throws {
            try reporting {
                var results: [BusBenchCase.Result] = []
                for measured in try cases() {
                    results.append(try measured.run())
                    if !json, isatty(2) != 0 { printError("\(results.count) of \(try cases().count) rows") }
                }
                if json { try printJSON(results) } else { print(text(results)) }
            }
        }

        private func cases() throws -> [BusBenchCase] {
            let counts = try list(subscribers)
            let throughput = counts.map { count in
                // About 40 million deliveries a second, and as many records for one subscriber.
                let records = Int(40_000_000 * seconds) / max(2, count)
                return BusBenchCase(
                    subscribers: count, topics: topics, records: max(1, records), batch: batch, rate: 0,
                    lossless: true)
            }
            let latency = try list(rates).filter { $0 > 0 }.flatMap { rate in
                counts.map { count in
                    BusBenchCase(
                        subscribers: count, topics: topics, records: max(1, Int(Double(rate) * seconds)),
                        batch: 64,
                        rate: rate, lossless: false)
                }
            }
            return throughput + latency
        }

        private func list(_ text: String) throws -> [Int] {
            try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
                guard let number = Int(part) else {
                    throw ValidationError("'\(text)' is no list of numbers such as 1,16")
                }
                return number
            }
        }

        private func text(_ results: [BusBenchCase.Result]) -> String {
            var throughput = TextTable(
                ">subscribers", ">topics", ">million deliveries/s", ">broker CPU ns/delivery", ">broker MiB",
                ">lost")
            var latency = TextTable(
                ">subscribers", ">records/s", ">p50 us", ">p99 us", ">p99.9 us", ">max us",
                ">publisher late p99 us",
                ">broker CPU ns/delivery", ">dropped")
            for row in results {
                if row.rate == 0 {
                    throughput.append(
                        "\(row.subscribers)", "\(row.topics)",
                        decimal(row.deliveriesPerSecond / 1e6, places: 2),
                        decimal(row.brokerNanosecondsPerDelivery, places: 1),
                        decimal(Double(row.brokerResidentBytes) / 1_048_576, places: 1), "\(missing(row))")
                } else {
                    latency.append(
                        "\(row.subscribers)", "\(row.rate)", microseconds(row.p50), microseconds(row.p99),
                        microseconds(row.p999), microseconds(row.max),
                        microseconds(row.publisherLateNanosecondsP99.map { UInt64(max(0, $0)) }),
                        decimal(row.brokerNanosecondsPerDelivery, places: 0), "\(missing(row))")
                }
            }
            let tables = [throughput, latency].map { $0.rendered() }
            return results.contains { $0.rate > 0 } ? tables.joined(separator: "\n\n") : tables[0]
        }

        /// Records that did not arrive, told or not.
        private func missing(_ row: BusBenchCase.Result) -> Int {
            row.records * row.subscribers - row.delivered
        }

        private func microseconds(_ nanoseconds: UInt64?) -> String {
            nanoseconds.map { decimal(Double($0) / 1_000, places: 1) } ?? "-"
        }
    }
}

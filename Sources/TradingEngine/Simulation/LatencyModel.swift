import TradingModel

/// How long orders, answers and market data are on their way. Nothing overtakes on the same way.
package struct LatencyModel: Equatable, Sendable {
    /// One recorded order: times in nanoseconds since the epoch.
    package struct Sample: Equatable, Sendable {
        /// When it was sent.
        package var sent: Int64
        /// When the exchange acted on it.
        package var exchanged: Int64
        /// When the answer was back.
        package var received: Int64

        package init(sent: Int64, exchanged: Int64, received: Int64) {
            self.sent = sent
            self.exchanged = exchanged
            self.received = received
        }
    }

    /// From the strategy to the exchange.
    package var entry: Duration
    /// From the exchange to the strategy, of answers.
    package var response: Duration
    /// From the exchange to the strategy, of market data; on top of what the records' own times have. Records keep their
    /// order, so that one behind a late one is as late.
    package var feed: Duration
    /// When not empty, entry and response are interpolated between the two samples sent before and after an order, and
    /// are those of the first or last sample outside of their range. Ascending by `sent`.
    package var samples: [Sample]
    /// When not empty, the latency of market data is interpolated between the two samples whose orders the exchange acted
    /// upon before and after a record's time: what an answer took then, the market's news takes. Ascending by `exchanged`.
    package var feedSamples: [Sample]
    /// How many times as long as recorded the ways of the samples are taken to be.
    package var sampleFactor: Int64 = 1

    /// Makes a model; no latency by default.
    package init(
        entry: Duration = .zero, response: Duration = .zero, feed: Duration = .zero, samples: [Sample] = [],
        feedSamples: [Sample] = []
    ) {
        precondition(entry >= .zero && response >= .zero && feed >= .zero, "latency is not negative")
        self.entry = entry
        self.response = response
        self.feed = feed
        self.samples = samples
        self.feedSamples = feedSamples
    }

    var hasEntry: Bool { entry > .zero || !samples.isEmpty }
    var hasResponse: Bool { response > .zero || !samples.isEmpty }
    var hasFeed: Bool { feed > .zero || !feedSamples.isEmpty }

    /// Nanoseconds from the strategy to the exchange for what is sent at a time.
    func entryNanoseconds(at time: Timestamp) -> Int64 {
        guard !samples.isEmpty else { return entry.wholeNanoseconds }
        return sampleFactor
            * Self.interpolate(samples, time.nanoseconds, by: \.sent) { $0.exchanged - $0.sent }
    }

    /// Nanoseconds from the exchange to the strategy for what happens at a time.
    func responseNanoseconds(at time: Timestamp) -> Int64 {
        guard !samples.isEmpty else { return response.wholeNanoseconds }
        return sampleFactor
            * Self.interpolate(samples, time.nanoseconds, by: \.exchanged) { $0.received - $0.exchanged }
    }

    /// Nanoseconds from the exchange to the strategy for a record of a time.
    func feedNanoseconds(at time: Timestamp) -> Int64 {
        guard !feedSamples.isEmpty else { return feed.wholeNanoseconds }
        return sampleFactor
            * Self.interpolate(feedSamples, time.nanoseconds, by: \.exchanged) { $0.received - $0.exchanged }
    }

    private static func interpolate(
        _ samples: [Sample], _ time: Int64, by key: (Sample) -> Int64, _ value: (Sample) -> Int64
    ) -> Int64 {
        var low = 0
        var high = samples.count
        while low < high {
            let middle = (low + high) / 2
            if key(samples[middle]) <= time { low = middle + 1 } else { high = middle }
        }
        // `low` is the first sample after the time.
        if low == 0 { return value(samples[0]) }
        if low == samples.count { return value(samples[low - 1]) }
        let before = samples[low - 1]
        let after = samples[low]
        let span = key(after) - key(before)
        let step = Int128(value(after) - value(before)) * Int128(time - key(before)) / Int128(span)
        return value(before) + Int64(step)
    }

    /// Reads samples from text, a line each `sent,exchanged,received` in nanoseconds, with a header line or none, or from
    /// bytes that begin with `TWLAT001`: three little-endian 64-bit numbers each.
    ///
    /// - Returns: the samples, or what is wrong with the first line or record that is.
    package static func samples(_ bytes: [UInt8]) -> Result<[Sample], SampleError> {
        var samples: [Sample] = []
        let magic = Array("TWLAT001".utf8)
        if bytes.starts(with: magic) {
            guard (bytes.count - 8) % 24 == 0 else {
                return .failure(SampleError("the file does not end with a whole record of 24 bytes"))
            }
            for start in stride(from: 8, to: bytes.count, by: 24) {
                func number(_ place: Int) -> Int64 {
                    var value: UInt64 = 0
                    for index in (0..<8).reversed() {
                        value = value << 8 | UInt64(bytes[start + place + index])
                    }
                    return Int64(bitPattern: value)
                }
                samples.append(Sample(sent: number(0), exchanged: number(8), received: number(16)))
            }
        } else {
            let text = String(decoding: bytes, as: UTF8.self)
            for (index, line) in text.split(whereSeparator: \.isNewline).enumerated() {
                let fields = line.split(separator: ",").map { $0.filter { $0 != " " } }
                let numbers = fields.compactMap { Int64($0) }
                if index == 0, numbers.isEmpty { continue }
                guard fields.count == 3, numbers.count == 3 else {
                    return .failure(SampleError("line \(index + 1) is not three numbers: \(line)"))
                }
                samples.append(Sample(sent: numbers[0], exchanged: numbers[1], received: numbers[2]))
            }
        }
        return check(samples)
    }

    private static func check(_ samples: [Sample]) -> Result<[Sample], SampleError> {
        guard !samples.isEmpty else { return .failure(SampleError("there is no sample")) }
        for (index, sample) in samples.enumerated() {
            guard sample.sent > 0, sample.exchanged >= sample.sent, sample.received >= sample.exchanged else {
                return .failure(
                    SampleError("sample \(index + 1) goes back in time, or its order was not acted upon"))
            }
            guard index == 0 || sample.sent > samples[index - 1].sent,
                index == 0 || sample.exchanged > samples[index - 1].exchanged
            else {
                return .failure(SampleError("sample \(index + 1) is not later than the one before it"))
            }
        }
        return .success(samples)
    }

    /// What is wrong with a file of samples.
    package struct SampleError: Error, Equatable, CustomStringConvertible {
        package let description: String

        init(_ description: String) { self.description = description }
    }
}

internal import TradingModel

/// Who subscribed to what, by connection number. No I/O; every answer is in ascending order of the numbers.
struct SubscriptionTable {
    private var byTopic: [String: [Int]] = [:]
    private var byToken: [UInt32: [Int]] = [:]
    private var wildcards: [(pattern: TopicPattern, connection: Int)] = []

    /// Adds a subscription that the connection does not have yet.
    mutating func add(_ pattern: TopicPattern, connection: Int) {
        if pattern.isWildcard {
            wildcards.append((pattern, connection))
        } else if case .liveData(let token)? = Topic(pattern.text) {
            byToken[token.rawValue, default: []].insertSorted(connection)
        } else {
            byTopic[pattern.text, default: []].insertSorted(connection)
        }
    }

    /// Removes a subscription that the connection has.
    mutating func remove(_ pattern: TopicPattern, connection: Int) {
        if pattern.isWildcard {
            wildcards.removeAll { $0.connection == connection && $0.pattern == pattern }
        } else if case .liveData(let token)? = Topic(pattern.text) {
            byToken[token.rawValue]?.removeSorted(connection)
            if byToken[token.rawValue]?.isEmpty == true { byToken[token.rawValue] = nil }
        } else {
            byTopic[pattern.text]?.removeSorted(connection)
            if byTopic[pattern.text]?.isEmpty == true { byTopic[pattern.text] = nil }
        }
    }

    /// The connections that get a message on a topic.
    func subscribers(ofTopic topic: String) -> [Int] {
        merged(byTopic[topic] ?? [], topic: topic) { _ in true }
    }

    /// The connections that get the records of a token.
    func subscribers(ofToken token: UInt32) -> [Int] {
        let topic = Topic.liveDataPrefix + String(token)
        return merged(byToken[token] ?? [], topic: topic) { $0.mayMatchLiveData }
    }

    private func merged(_ exact: [Int], topic: String, where isCandidate: (TopicPattern) -> Bool) -> [Int] {
        var result = exact
        for entry in wildcards where isCandidate(entry.pattern) && entry.pattern.matches(topic) {
            result.insertSorted(entry.connection)
        }
        return result
    }
}

extension [Int] {
    /// Inserts into an ascending array unless it is there.
    fileprivate mutating func insertSorted(_ value: Int) {
        let index = lowerBound(of: value)
        if index == count || self[index] != value { insert(value, at: index) }
    }

    fileprivate mutating func removeSorted(_ value: Int) {
        let index = lowerBound(of: value)
        if index < count, self[index] == value { remove(at: index) }
    }

    private func lowerBound(of value: Int) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

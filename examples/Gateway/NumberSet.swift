/// A set of numbers that mostly follow each other, as ranges: ids are counted up, and what is left out of them are orders that
/// were denied or wait.
struct NumberSet {
    /// Ascending, neither touching nor overlapping.
    private(set) var ranges: [ClosedRange<UInt32>] = []

    /// O(log n) of the ranges.
    func contains(_ number: UInt32) -> Bool {
        let place = firstPlace(endingAtOrAfter: number)
        return place < ranges.count && ranges[place].contains(number)
    }

    /// O(log n) at the end, O(n) of the ranges elsewhere.
    mutating func insert(_ number: UInt32) {
        let place = firstPlace(endingAtOrAfter: number)
        if place < ranges.count, ranges[place].contains(number) { return }
        let touchesBefore = place > 0 && ranges[place - 1].upperBound + 1 == number
        let touchesAfter = place < ranges.count && number < .max && number + 1 == ranges[place].lowerBound
        switch (touchesBefore, touchesAfter) {
        case (true, true):
            ranges[place - 1] = ranges[place - 1].lowerBound...ranges[place].upperBound
            ranges.remove(at: place)
        case (true, false): ranges[place - 1] = ranges[place - 1].lowerBound...number
        case (false, true): ranges[place] = number...ranges[place].upperBound
        case (false, false): ranges.insert(number...number, at: place)
        }
    }

    private func firstPlace(endingAtOrAfter number: UInt32) -> Int {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < number { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

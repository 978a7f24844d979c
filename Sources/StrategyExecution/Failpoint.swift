import TradingModel

#if TRADEWIND_FAILPOINTS
    import CPlatform
    import Foundation
    import Synchronization
#endif

/// Places in the life of a journal at which a test can have the process killed; the raw value is the number that a
/// test gives. Only debug builds have them; in a release build every call is empty.
///
/// A test writes `NUMBER COUNT [SIGNAL]` into the file `failpoint` in the strategy's journal directory; the process that
/// reads it removes it, and sends itself the signal, SIGKILL if none is named, when it reaches the place for the
/// COUNT-th time. After SIGSTOP and SIGCONT it goes on as if nothing had been.
enum Failpoint: Int, CaseIterable {
    /// Recovered, and no file of the new epoch yet.
    case beforeFile = 1
    /// The file is there, and empty.
    case afterFile = 2
    /// A record is in the buffer only.
    case afterSession = 3
    case afterCheckpoint = 4
    case afterIntent = 5
    case afterUpdate = 6
    case afterFill = 7
    case afterParameters = 8
    case afterSavedState = 9
    case afterEnd = 10
    /// The buffer is full of whole records, and none of them is in the file.
    case beforeWrite = 11
    /// Half of the buffer is in the file, most likely up to the middle of a record.
    case tornWrite = 12
    /// All of it is in the file.
    case afterWrite = 13
    /// A session has ended, and its file is not synced.
    case beforeSync = 14
    /// It is synced, and nobody has been told.
    case afterSync = 15

    /// Kills the process here when the test wants it.
    @inline(__always) static func reach(_ place: Failpoint) {
        #if TRADEWIND_FAILPOINTS
            Armed.reach(place)
        #endif
    }

    /// The same after a record was put into the buffer.
    @inline(__always) static func reach(afterAppending record: JournalRecord) {
        #if TRADEWIND_FAILPOINTS
            switch record {
            case .sessionStarted: Armed.reach(.afterSession)
            case .checkpoint: Armed.reach(.afterCheckpoint)
            case .orderSubmitted: Armed.reach(.afterIntent)
            case .orderUpdated, .orderModified: Armed.reach(.afterUpdate)
            case .fill: Armed.reach(.afterFill)
            case .parametersChanged: Armed.reach(.afterParameters)
            case .input: break
            case .stateSaved: Armed.reach(.afterSavedState)
            case .tradingStateChanged: break
            case .sessionEnded: Armed.reach(.afterEnd)
            }
        #endif
    }

    /// Whether the process is to die at this place the next time it comes there.
    @inline(__always) static func isSet(_ place: Failpoint) -> Bool {
        #if TRADEWIND_FAILPOINTS
            return Armed.isNext(place)
        #else
            return false
        #endif
    }

    /// Reads what a test wants from the journal directory.
    @inline(__always) static func arm(directory: String) {
        #if TRADEWIND_FAILPOINTS
            Armed.read(directory + "/failpoint")
        #endif
    }
}

#if TRADEWIND_FAILPOINTS
    /// The place at which this process dies, and how often it is reached before.
    private enum Armed {
        private static let place = Atomic<Int>(0)
        private static let remaining = Atomic<Int>(0)
        private static let signal = Atomic<Int32>(SIGKILL)

        static func read(_ path: String) {
            guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return }
            let numbers = text.split { !$0.isNumber }.compactMap { Int($0) }
            guard numbers.count == 2 || numbers.count == 3 else { return }
            unlink(path)
            signal.store(numbers.count == 3 ? Int32(clamping: numbers[2]) : SIGKILL, ordering: .relaxed)
            remaining.store(numbers[1], ordering: .relaxed)
            place.store(numbers[0], ordering: .relaxed)
        }

        static func isNext(_ reached: Failpoint) -> Bool {
            place.load(ordering: .relaxed) == reached.rawValue && remaining.load(ordering: .relaxed) == 1
        }

        static func reach(_ reached: Failpoint) {
            guard place.load(ordering: .relaxed) == reached.rawValue else { return }
            if remaining.subtract(1, ordering: .relaxed).newValue == 0 {
                kill(getpid(), signal.load(ordering: .relaxed))
            }
        }
    }
#endif

package import TradingModel

/// What a manager tells a process it starts, over an inherited descriptor; secrets and paths stay out of
/// argv.
package struct Bootstrap: BusPayload, Equatable {
    /// What the process is to be.
    package enum Role: String, Codable, Sendable, CaseIterable {
        case bus
        case feed
        case executor
        case recorder
        case alerter
    }

    /// What an executor needs to know of its strategy.
    package struct Strategy: Codable, Equatable, Sendable {
        package var id: String
        package var name: String
        /// The registered name of the strategy's type.
        package var className: String
        package var epoch: UInt64
        package var generation: Int
        /// A JSON object as text.
        package var configJSON: String
        /// A JSON object as text; `nil` for no limits of its own.
        package var limitsJSON: String?
        /// Whether it must not trade before it is resumed.
        package var isPaused: Bool
        /// `active`, `reducing` or `halted`; `nil` is active.
        package var tradingState: String?
        package var tradingReason: String?
        /// When an operator last resumed its trading, ISO 8601; `nil` for never. A halt of its own that is older is over.
        package var tradingResumedAt: String?

        package init(
            id: String, name: String, className: String, epoch: UInt64, generation: Int, configJSON: String,
            limitsJSON: String? = nil, isPaused: Bool = false, tradingState: String? = nil,
            tradingReason: String? = nil, tradingResumedAt: String? = nil
        ) {
            self.id = id
            self.name = name
            self.className = className
            self.epoch = epoch
            self.generation = generation
            self.configJSON = configJSON
            self.limitsJSON = limitsJSON
            self.isPaused = isPaused
            self.tradingState = tradingState
            self.tradingReason = tradingReason
            self.tradingResumedAt = tradingResumedAt
        }

        private enum CodingKeys: String, CodingKey {
            case id, name, epoch, generation
            case className = "class_name"
            case configJSON = "config_json"
            case limitsJSON = "limits_json"
            case isPaused = "paused"
            case tradingState = "trading_state"
            case tradingReason = "trading_reason"
            case tradingResumedAt = "trading_resumed_at"
        }
    }

    /// What a feed process needs to know.
    package struct Feed: Codable, Equatable, Sendable {
        package var name: String
        /// The registered name of the feed's type, such as `file`.
        package var kind: String
        /// A JSON object as text.
        package var configJSON: String
        /// The source number of its records frames.
        package var number: UInt16

        package init(name: String, kind: String, configJSON: String, number: UInt16) {
            self.name = name
            self.kind = kind
            self.configJSON = configJSON
            self.number = number
        }

        private enum CodingKeys: String, CodingKey {
            case name, kind, number
            case configJSON = "config_json"
        }
    }

    package var role: Role
    /// The broker's socket.
    package var socketPath: String
    package var logPath: String
    /// Where an executor's journals, or a recorder's tick files, go; `nil` for the other roles.
    package var journalDirectory: String?
    /// What the process shows to the broker; empty for the broker itself.
    package var token: [UInt8]
    /// What the broker checks tokens with; `nil` for every other role.
    package var busKey: [UInt8]?
    package var strategy: Strategy?
    package var feed: Feed?
    /// What a recorder records; of an executor, where it finds the past of the day.
    package var recorder: RecorderSettingsPayload?
    /// The directory of recordings, for an executor.
    package var ticksDirectory: String?
    /// The home, for an alerter, which reads and writes its database.
    package var homeDirectory: String?
    package var instruments: [Instrument]
    /// How often the process says that it lives, milliseconds.
    package var heartbeatMilliseconds: Int

    package init(
        role: Role, socketPath: String, logPath: String, journalDirectory: String? = nil, token: [UInt8] = [],
        strategy: Strategy? = nil, feed: Feed? = nil, recorder: RecorderSettingsPayload? = nil,
        instruments: [Instrument] = [],
        heartbeatMilliseconds: Int = 1_000
    ) {
        self.role = role
        self.socketPath = socketPath
        self.logPath = logPath
        self.journalDirectory = journalDirectory
        self.token = token
        self.strategy = strategy
        self.feed = feed
        self.recorder = recorder
        self.instruments = instruments
        self.heartbeatMilliseconds = heartbeatMilliseconds
    }

    private enum CodingKeys: String, CodingKey {
        case role, token, strategy, feed, recorder, instruments
        case busKey = "bus_key"
        case socketPath = "socket_path"
        case logPath = "log_path"
        case ticksDirectory = "ticks_directory"
        case homeDirectory = "home_directory"
        case journalDirectory = "journal_directory"
        case heartbeatMilliseconds = "heartbeat_ms"
    }
}

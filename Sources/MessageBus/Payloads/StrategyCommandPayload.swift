/// A command for one strategy (`strategy:commands:{id}`) or for all (`strategy:global:commands`).
package struct StrategyCommandPayload: BusPayload, Equatable {
    /// The command row it comes from, to be acknowledged in the status; `nil` when there is none.
    package var commandID: String?
    /// `stop`, `update`, `pause`, `resume`, `flatten` (parameter `seconds`, optional), `trading` (parameters `state` and `reason`), `limits` or `status`, which asks for the status to be published again.
    package var command: String
    /// New parameter values as text, by name. Numbers and booleans sent as such are taken too.
    package var parameters: [String: String]?
    /// The configuration's generation that this command belongs to.
    package var generation: Int

    package init(
        commandID: String? = nil, command: String, parameters: [String: String]? = nil, generation: Int = 0
    ) {
        self.commandID = commandID
        self.command = command
        self.parameters = parameters
        self.generation = generation
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        commandID = try container.decodeIfPresent(String.self, forKey: .commandID)
        command = try container.decode(String.self, forKey: .command)
        parameters = try container.decodeIfPresent([String: ScalarText].self, forKey: .parameters)?.mapValues(
            \.text)
        generation = try container.decodeIfPresent(Int.self, forKey: .generation) ?? 0
    }

    private enum CodingKeys: String, CodingKey {
        case command, parameters, generation
        case commandID = "command_id"
    }
}

/// A JSON string, number or boolean, read as text.
private struct ScalarText: Decodable {
    let text: String

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(String.self) {
            text = value
        } else if let value = try? container.decode(Bool.self) {
            text = String(value)
        } else if let value = try? container.decode(Int64.self) {
            text = String(value)
        } else {
            text = String(try container.decode(Double.self))
        }
    }
}

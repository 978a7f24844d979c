package import Foundation

/// The worked examples of PROTOCOL.md.
package enum ProtocolPage {
    /// Where the page is in this repository.
    package static let url = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Sources/MessageBus/PROTOCOL.md")

    /// The hexadecimal examples by name; empty when the page is not there.
    package static let examples: [String: [UInt8]] = {
        guard let text = try? String(contentsOf: url, encoding: .utf8) else { return [:] }
        var examples: [String: [UInt8]] = [:]
        for block in text.components(separatedBy: "```hex ").dropFirst() {
            let lines = block.components(separatedBy: "```")[0].split(
                separator: "\n", omittingEmptySubsequences: false)
            examples[String(lines[0])] = lines.dropFirst().joined(separator: " ").split(separator: " ")
                .compactMap { UInt8($0, radix: 16) }
        }
        return examples
    }()
}

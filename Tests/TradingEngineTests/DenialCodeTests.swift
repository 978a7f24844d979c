import Foundation
import Testing
import TradingEngine

/// The list of denial codes in the documentation is made from their source.
@Suite struct DenialCodeTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Sources/TradingEngine")

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    /// A row for each case: its raw value and its documentation comment.
    private static func rows() throws -> [(code: String, meaning: String)] {
        var rows: [(String, String)] = []
        var comment: [String] = []
        for line in try text("Risk/DenialCode.swift").split(separator: "\n") {
            let trimmed = line.trimmingCharacters(in: .whitespaces)
            if trimmed.hasPrefix("/// ") {
                comment.append(String(trimmed.dropFirst(4)))
            } else {
                if trimmed.hasPrefix("case "), let raw = trimmed.split(separator: "\"").dropFirst().first {
                    rows.append((String(raw), comment.joined(separator: " ")))
                }
                comment = []
            }
        }
        return rows
    }

    @Test func documentationListsEveryCodeWithItsMeaning() throws {
        let rows = try Self.rows()
        #expect(rows.map(\.code) == DenialCode.allCases.map(\.rawValue))
        #expect(rows.allSatisfy { !$0.meaning.isEmpty })
        let table = rows.map { "| `\($0.code)` | \($0.meaning) |\n" }.joined()
        let page = try Self.text("Documentation.docc/DenialCodes.md")
        let start = try #require(page.range(of: "|---|---|\n")).upperBound
        if ProcessInfo.processInfo.environment["TRADEWIND_WRITE_DOCS"] != nil {
            try (page[..<start] + table).write(
                to: Self.root.appendingPathComponent("Documentation.docc/DenialCodes.md"), atomically: true,
                encoding: .utf8)
            return
        }
        #expect(
            page[start...] == table,
            "the page is made by TRADEWIND_WRITE_DOCS=1 swift test --filter DenialCodeTests")
    }

    @Test func documentationExplainsEveryLimit() throws {
        let page = try Self.text("Documentation.docc/Risk.md")
        for name in RiskLimits.names { #expect(page.contains("`\(name)`"), "\(name)") }
    }
}

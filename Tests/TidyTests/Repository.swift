import Foundation

/// The files of this repository, found from the place of this one.
enum Repository {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().standardizedFileURL

    /// One file by its path from the root.
    struct File: Sendable {
        let path: String
        let text: String

        var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
    }

    /// What builds and runs leave behind.
    private static let leftOut: Set<String> = [".git", ".swiftpm", "tradewind-home", "__pycache__"]

    /// All text files below some of the root's folders, by path.
    static func files(in folders: [String]) throws -> [File] {
        try folders.flatMap { try files(at: root.appendingPathComponent($0)) }.sorted { $0.path < $1.path }
    }

    /// Swift sources of products, tests and examples, the manifest included.
    static func swiftFiles() throws -> [File] {
        try files(in: ["Sources", "Tests", "examples", "Benchmarks", "Package.swift"])
            .filter { $0.path.hasSuffix(".swift") }
    }

    /// A file by its path; `nil` when there is none.
    static func file(_ path: String) -> File? {
        (try? String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)).map {
            File(path: path, text: $0)
        }
    }

    private static func files(at url: URL) throws -> [File] {
        let values = try? url.resourceValues(forKeys: [.isDirectoryKey])
        guard let isDirectory = values?.isDirectory else { return [] }
        guard isDirectory else {
            // Binary files have no lines to judge.
            guard let text = try? String(contentsOf: url, encoding: .utf8) else { return [] }
            return [
                File(path: String(url.standardizedFileURL.path.dropFirst(root.path.count + 1)), text: text)
            ]
        }
        let children = try FileManager.default.contentsOfDirectory(atPath: url.path)
        return try children.filter { !leftOut.contains($0) && !$0.hasPrefix(".build") }
            .flatMap { try files(at: url.appendingPathComponent($0)) }
    }
}

import Testing

/// Every command of the command line is documented.
@Suite struct CommandLineTests {
    @Test func commandsAreFoundAsTheRootCommandListsThem() throws {
        let listed = try Set(Self.rootSubcommands())
        let found = try Self.commands()
        #expect(listed.count > 10)
        #expect(Set(found.filter { $0.parent == nil }.map(\.type)) == listed)
        let nested = found.filter { $0.parent != nil }.map(\.words)
        #expect(nested.contains(["strategies", "add"]) && nested.contains(["bus", "tail"]))
    }

    @Test(.enabled(if: Repository.file("README.md") != nil))
    func everyCommandIsInTheReadme() throws {
        let lines = Self.codeLines(try #require(Repository.file("README.md")))
        for command in try Self.commands() {
            let isThere = lines.contains { Self.contains($0, command.words) }
            #expect(isThere, "README.md does not show `tradewind \(command.words.joined(separator: " "))`")
        }
    }

    private struct Command {
        var type: String
        /// The type that a nested command stands in.
        var parent: String?
        var words: [String]
    }

    // MARK: - Sources

    private static func sources() throws -> [Repository.File] {
        try Repository.files(in: ["Sources/Tradewind/CLI"]).filter { !$0.path.hasSuffix("RootCommand.swift") }
    }

    private static func rootSubcommands() throws -> [String] {
        let root = try #require(Repository.file("Sources/Tradewind/CLI/RootCommand.swift"))
        return root.text.components(of: ".self").dropLast().compactMap { part in
            part.split { !$0.isLetter }.last.map(String.init)
        }
    }

    /// Commands and nested commands, by the indentation that the formatter gives them.
    private static func commands() throws -> [Command] {
        var commands: [Command] = []
        for file in try sources() {
            var outer: String?
            for line in file.lines {
                let words = line.split { !($0.isLetter || $0.isNumber) }
                if line.hasPrefix("struct ") || line.hasPrefix("extension ") { outer = String(words[1]) }
                if line.contains(": ParsableCommand {"), let index = words.firstIndex(of: "struct") {
                    let type = String(words[index + 1])
                    let isNested = line.hasPrefix(" ")
                    commands.append(
                        Command(type: type, parent: isNested ? outer : nil, words: [defaultName(type)]))
                } else if line.contains("commandName: \""), !commands.isEmpty {
                    commands[commands.count - 1].words = [String(line).quoted[0]]
                }
            }
        }
        let top = commands.filter { $0.parent == nil }
        return commands.map { command in
            guard let parent = top.first(where: { $0.type == command.parent }) else { return command }
            return Command(type: command.type, parent: command.parent, words: parent.words + command.words)
        }
    }

    /// The name that a command gets when it is not given one: `SlowStart` is slow-start.
    private static func defaultName(_ type: String) -> String {
        type.reduce(into: "") { name, letter in
            if letter.isUppercase, !name.isEmpty { name += "-" }
            name += letter.lowercased()
        }
    }

    // MARK: - README

    /// The lines of code blocks, and the code spans of other lines.
    private static func codeLines(_ file: Repository.File) -> [String] {
        var isInBlock = false
        var found: [String] = []
        for line in file.lines {
            if line.hasPrefix("```") {
                isInBlock.toggle()
            } else if isInBlock {
                found.append(String(line))
            } else {
                let spans = String(line).components(of: "`").enumerated().filter { $0.offset % 2 == 1 }
                found += spans.map(\.element)
            }
        }
        return found
    }

    /// Whether a line has the words in their order; `feeds add|list` has both `feeds add` and `feeds list`.
    private static func contains(_ line: String, _ words: [String]) -> Bool {
        var rest = line.split { !($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }.map(String.init)[
            ...]
        for word in words {
            guard let index = rest.firstIndex(of: word) else { return false }
            rest = rest[(index + 1)...]
        }
        return true
    }
}

import Testing

@Suite struct SizeTests {
    private static let fileLinesMax = 600
    private static let functionLinesAimed = 60
    private static let functionLinesMax = 80

    @Test func noSourceFileIsOverlong() throws {
        let files = try Repository.swiftFiles()
        #expect(files.count > 100, "the sources are found")
        for file in files {
            let count = file.lines.count - 1
            #expect(count <= Self.fileLinesMax, "\(file.path) has \(count) lines")
        }
    }

    @Test func noFunctionIsOverlong() throws {
        var count = 0
        for file in try Repository.swiftFiles() {
            for function in SwiftText(file.text).functions {
                count += 1
                let note = "\(file.path):\(function.line) \(function.name): \(function.lineCount) lines"
                if function.lineCount > Self.functionLinesAimed { print("long function: \(note)") }
                #expect(function.lineCount <= Self.functionLinesMax, "\(note)")
            }
        }
        #expect(count > 500, "functions are found")
    }
}

import Supervision
import Testing

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#endif

@Suite struct LogFileTests {
    private func append(_ log: LogFile, _ text: String) throws {
        let descriptor = try log.openForAppend()
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        try #require(write(descriptor, bytes, bytes.count) == bytes.count)
    }

    @Test func fullFileIsRotatedAtOpenAndTheOldestIsDeleted() throws {
        let directory = try TemporaryDirectory()
        let log = LogFile(path: directory.file("x.log"), byteCountMax: 10, fileCountMax: 3)
        for number in 1...5 { try append(log, "number \(number)\n\n") }
        #expect(readFile(log.path) == "number 5\n\n")
        #expect(readFile(log.path + ".1") == "number 4\n\n")
        #expect(readFile(log.path + ".2") == "number 3\n\n")
        #expect(!exists(log.path + ".3"))
    }

    @Test func rotatedFileThatIsMuchTooLongKeepsItsEndOnly() throws {
        let directory = try TemporaryDirectory()
        let log = LogFile(path: directory.file("x.log"), byteCountMax: 10, fileCountMax: 3)
        try log.trimNewestRotated()
        try append(log, "123456789012345678")
        #expect(try log.rotateIfFull())
        try log.trimNewestRotated()
        #expect(readFile(log.path + ".1") == "123456789012345678", "up to twice the bound is left alone")
        try append(log, "first line\nsecond line\nthe end\n")
        #expect(try log.rotateIfFull())
        try log.trimNewestRotated()
        #expect(readFile(log.path + ".1") == "e\nthe end\n")
    }

    @Test func shortFileIsAppendedTo() throws {
        let directory = try TemporaryDirectory()
        let log = LogFile(path: directory.file("x.log"), byteCountMax: 10)
        try append(log, "123456789")
        #expect(try !log.rotateIfFull())
        try append(log, "0")
        #expect(readFile(log.path) == "1234567890")
        #expect(try log.rotateIfFull())
        #expect(!exists(log.path))
        var status = stat()
        #expect(stat(log.path + ".1", &status) == 0 && status.st_mode & 0o777 == 0o600)
    }

    @Test func gapInTheChainIsSkippedAndASingleFileIsDeleted() throws {
        let directory = try TemporaryDirectory()
        let log = LogFile(path: directory.file("x.log"), byteCountMax: 1, fileCountMax: 4)
        try writeFile(log.path, "a")
        try writeFile(log.path + ".2", "c")
        #expect(try log.rotateIfFull())
        #expect(readFile(log.path + ".1") == "a" && readFile(log.path + ".3") == "c")
        let single = LogFile(path: directory.file("y.log"), byteCountMax: 1, fileCountMax: 1)
        try writeFile(single.path, "a")
        try append(single, "b")
        #expect(readFile(single.path) == "b")
    }

    @Test func tailGivesTheLastLinesAcrossFiles() throws {
        let directory = try TemporaryDirectory()
        let log = LogFile(path: directory.file("x.log"))
        #expect(try log.tail(lines: 5) == [])
        try writeFile(log.path, "d\ne\n")
        #expect(try log.tail(lines: 5) == ["d", "e"])
        try writeFile(log.path + ".1", "b\nc")
        try writeFile(log.path + ".2", "a\n")
        #expect(try log.tail(lines: 0) == [])
        #expect(try log.tail(lines: 1) == ["e"])
        #expect(try log.tail(lines: 3) == ["c", "d", "e"])
        #expect(try log.tail(lines: 9) == ["a", "b", "c", "d", "e"])
        try writeFile(log.path, "d\n\nunfinished")
        #expect(try log.tail(lines: 3) == ["d", "", "unfinished"])
        unlink(log.path)
        #expect(try log.tail(lines: 1) == ["c"])
    }

    @Test(arguments: [1, 2, 100, 3000, 6000]) func tailOfALargeFileEqualsTheEndOfAllLines(count: Int) throws {
        let directory = try TemporaryDirectory()
        let log = LogFile(path: directory.file("x.log"))
        let lines = (1...5000).map { "line \($0) " + String(repeating: "x", count: $0 % 90) }
        try writeFile(log.path, lines.joined(separator: "\n") + "\n")
        #expect(try log.tail(lines: count) == Array(lines.suffix(count)))
    }

    @Test func unusableDirectoryIsAnErrorThatNamesTheFile() {
        let error = #expect(throws: SupervisionError.self) {
            try LogFile(path: "/nonexistent/x.log").openForAppend()
        }
        #expect(error?.code == .logFailed && error?.description.contains("/nonexistent/x.log") == true)
    }
}

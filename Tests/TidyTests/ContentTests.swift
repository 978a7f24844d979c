import Foundation
import Testing

@Suite struct ContentTests {
    @Test func schemaThatIsEmbeddedIsTheOneInTheRoot() throws {
        let path = Repository.root.appendingPathComponent("Sources/ControlPlane/schema.sql").path
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: path) == "../../schema.sql")
        let root = try #require(Repository.file("schema.sql"))
        let embedded = try #require(Repository.file("Sources/ControlPlane/schema.sql"))
        #expect(root.text == embedded.text && root.text.contains("CREATE TABLE"))
        let manifest = try #require(Repository.file("Package.swift"))
        #expect(manifest.text.contains(#".embedInCode("schema.sql")"#))
    }

    @Test func noFileIsNamedForNothingInParticular() throws {
        for file in try Repository.files(in: Self.everything) {
            let name = (file.path.split(separator: "/").last ?? "").prefix { $0 != "." }
            let isVague = ["Utils", "Util", "Helpers", "Misc"].contains { name.hasSuffix($0) }
            #expect(!isVague, "\(file.path)")
        }
    }

    @Test func noPathOfAMachineIsWrittenDown() throws {
        // Tests name made-up homes.
        let files = try Repository.files(in: Self.everything).filter { !$0.path.hasPrefix("Tests/") }
        #expect(files.count > 150)
        for file in files {
            for (index, line) in file.lines.enumerated() {
                let isFree = !["/root/", "/home/", "/Users/"].contains { line.contains($0) }
                #expect(isFree, "\(file.path):\(index + 1) \(line)")
            }
        }
    }

    @Test func nothingIsLeftToBeDoneLater() throws {
        // Written apart, so that this file does not find itself.
        let words = ["TO" + "DO", "FIX" + "ME"]
        for file in try Repository.files(in: Self.everything) where file.path != "LICENSE" {
            for (index, line) in file.lines.enumerated() {
                let isFree = !words.contains { line.contains($0) }
                #expect(isFree, "\(file.path):\(index + 1) \(line)")
            }
        }
    }

    /// All that is kept in version control.
    private static let everything = [
        "Sources", "Tests", "examples", "Benchmarks", "scripts", "docs", ".ci", "Package.swift", "README.md",
        "CONTRIBUTING.md", "schema.sql",
    ]
}

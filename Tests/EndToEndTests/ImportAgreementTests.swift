import Foundation
import TestSupport
import Testing

/// Files of every format against a reader written apart, in Python, with its standard library alone.
@Suite struct ImportAgreementTests {
    @Test(arguments: [1, 2])
    func importsAgreeWithAnIndependentReader(seed: Int) throws {
        let directory = try TemporaryDirectory()
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("independent_reader.py").path
        let program = TradewindProgram.path
        let run = try ProgramRun("python3", [script, program, directory.path, String(seed)])
        #expect(run.wait(seconds: 240) == 0, "\(run.standardOutput)\(run.standardError)")
    }
}

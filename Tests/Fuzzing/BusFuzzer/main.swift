import CFuzzer
import Foundation
import FrameChecks
import MessageBus

// The coverage-guided fuzz target of what the bus reads: `scripts/fuzz` builds and runs it.
//
// The first byte of an input says what the rest is: 0 a stream of frames, n a JSON document of the n-th type of
// `PayloadChecks.types`. With `--seeds FOLDER` it writes inputs to begin with, made from the examples of PROTOCOL.md,
// instead of fuzzing.

/// Longer streams are cut at some places only; every place of a long one would take too long.
private let splitsMax = 64

private func testOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let data, count > 0 else { return 0 }
    let rest = UnsafeRawBufferPointer(start: data + 1, count: count - 1)
    do throws(FrameChecks.Violation) {
        if data[0] == 0 {
            try FrameChecks.check(
                rest, splits: stride(from: 1, to: rest.count, by: 1 + rest.count / splitsMax))
        } else if Int(data[0]) <= PayloadChecks.types.count {
            try PayloadChecks.check(rest, as: PayloadChecks.types[Int(data[0]) - 1])
        }
    } catch {
        fatalError("\(error)")
    }
    return 0
}

private func writeSeeds(_ folder: String) throws {
    let folder = URL(filePath: folder)
    let pages = ProtocolPage.examples.sorted { $0.key < $1.key }
    guard !pages.isEmpty else { fatalError("no examples in \(ProtocolPage.url.path)") }
    for (name, bytes) in pages { try Data([0] + bytes).write(to: folder.appending(path: name)) }
    try Data([0] + pages.flatMap(\.value)).write(to: folder.appending(path: "all"))
    for (index, document) in PayloadChecks.examples.enumerated() {
        let name = "\(PayloadChecks.types[index])"
        try Data([UInt8(index + 1)] + document).write(to: folder.appending(path: name))
    }
}

if CommandLine.arguments.count == 3, CommandLine.arguments[1] == "--seeds" {
    try writeSeeds(CommandLine.arguments[2])
} else {
    var argumentCount = CommandLine.argc
    var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
    exit(LLVMFuzzerRunDriver(&argumentCount, &arguments, testOneInput))
}

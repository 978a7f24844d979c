import Foundation
import TestSupport

/// A peer in a process of its own that shares no code with ours, so that it can be stopped and killed.
enum PythonPeer {
    /// Whether there is a Python to run it.
    static let isAvailable: Bool = {
        let run = try? ProgramRun("python3", ["-c", "import socket, struct"])
        return run?.wait(seconds: 20) == 0
    }()

    /// What a subscriber that read up to its last sequence has seen.
    struct Summary {
        /// Records received.
        var received = 0
        /// Records that gap frames said were dropped.
        var announced = 0
        /// Jumps in the sequence that the gap frames before them did not explain.
        var unexplained = 0
    }

    /// Subscribes to all market data and reads until it has the record with the last sequence; waits until its
    /// subscription is in force.
    static func subscriber(_ socketPath: String, last: Int) throws -> ProgramRun {
        try started(["subscribe", socketPath, "\(last)"])
    }

    /// Sends one whole records frame and half of another, and waits for its end.
    static func halfwayPublisher(_ socketPath: String) throws -> ProgramRun {
        try started(["publish", socketPath])
    }

    /// What the subscriber printed at its end.
    static func summary(_ run: ProgramRun) throws -> Summary {
        guard run.wait(seconds: 30) == 0, let line = run.standardOutput.split(separator: "\n").last else {
            throw Timeout(description: "the subscriber failed: \(run.standardError)")
        }
        let numbers = line.split(separator: " ").compactMap { Int($0) }
        guard numbers.count == 3 else { throw Timeout(description: "the subscriber said \(line)") }
        return Summary(received: numbers[0], announced: numbers[1], unexplained: numbers[2])
    }

    private static func started(_ arguments: [String]) throws -> ProgramRun {
        let run = try ProgramRun("python3", ["-c", script] + arguments)
        let isReady = waitUntil(seconds: 20) { run.standardOutput.contains("ready") || !run.isRunning }
        guard isReady, run.isRunning else {
            throw Timeout(description: "the Python peer did not start: \(run.standardError)")
        }
        return run
    }

    private static let script = """
        import os, socket, struct, sys, time

        def frame(kind, payload):
            return struct.pack('<IBBBB', len(payload), kind, 0, 1, 0) + payload

        def connect(path, role):
            peer = socket.socket(socket.AF_UNIX)
            peer.connect(path)
            hello = struct.pack('<HBBIH', 1, role, 0, os.getpid(), 4) + b'peer' + bytes(2)
            peer.sendall(frame(1, hello))
            return peer

        def publish(path):
            peer = connect(path, 3)
            records = frame(7, struct.pack('<IHH', 5, 1, 0) + struct.pack('<qqQIBBH', 0, 0, 1, 5, 1, 0, 0) + bytes(32))
            peer.sendall(records + records[:40])
            print('ready', flush=True)
            time.sleep(60)

        def subscribe(path, last):
            peer = connect(path, 1)
            pattern = b'live_data:*'
            peer.sendall(frame(3, struct.pack('<BH', 0, len(pattern)) + pattern) + frame(9, b'go'))
            pending, data, sequence = 0, bytearray(), 0
            received = announced = unexplained = 0
            while sequence < last:
                piece = peer.recv(1 << 20)
                if not piece:
                    sys.exit('the broker closed the connection')
                data += piece
                at = 0
                while len(data) - at >= 8:
                    count, kind = struct.unpack_from('<IB', data, at)
                    if len(data) - at < 8 + count:
                        break
                    if kind == 10:
                        print('ready', flush=True)
                    elif kind == 8:
                        pending += struct.unpack_from('<Q', data, at + 16)[0]
                    elif kind == 7:
                        for record in range(at + 16, at + 8 + count, 64):
                            number = struct.unpack_from('<Q', data, record + 16)[0]
                            if number != sequence + pending + 1:
                                unexplained += 1
                            announced, pending, sequence = announced + pending, 0, number
                            received += 1
                    at += 8 + count
                del data[:at]
            print(received, announced, unexplained)

        if sys.argv[1] == 'publish':
            publish(sys.argv[2])
        else:
            subscribe(sys.argv[2], int(sys.argv[3]))
        """
}

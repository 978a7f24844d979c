import Foundation
import TestSupport

/// A library, compiled by the test, that steps the wall clock of the programs it is loaded into: LD_PRELOAD.
///
/// The offset in whole seconds is read from a mapped file, so that it can change while they run. The monotonic clock stays.
final class PreloadLibrary {
    private let directory: TemporaryDirectory
    private var path: String { directory.file("clock.so") }
    private var offsetFile: String { directory.file("offset") }

    /// `nil` where there is no Linux or no C compiler.
    init?() throws {
        directory = try TemporaryDirectory()
        #if os(Linux)
            let source = directory.file("clock.c")
            try Self.source.write(toFile: source, atomically: true, encoding: .utf8)
            try step(toSeconds: 0)
            for compiler in ["cc", "clang", "gcc"] {
                let arguments = ["-c", "\(compiler) -shared -fPIC -O1 -o '\(path)' '\(source)' -ldl"]
                if try ProgramRun("/bin/sh", arguments).wait(seconds: 60) == 0 { return }
            }
            return nil
        #else
            return nil
        #endif
    }

    /// What a program needs in its environment.
    var environment: [String: String] { ["LD_PRELOAD": path, "CLOCK_OFFSET_FILE": offsetFile] }

    /// Sets the clock of all of them so far from the true one.
    func step(toSeconds seconds: Int64) throws {
        let bytes = withUnsafeBytes(of: seconds.littleEndian) { Data($0) }
        if let handle = FileHandle(forUpdatingAtPath: offsetFile) {
            // In place: the file is mapped.
            try handle.write(contentsOf: bytes)
            try handle.close()
        } else {
            try bytes.write(to: URL(fileURLWithPath: offsetFile))
        }
    }

    /// A program that runs another one with the library, for those whose environment somebody else decides.
    func wrapper(of program: String) throws -> String {
        let wrapper = directory.file("desk")
        let settings = environment.map { "\($0.key)='\($0.value)'" }.joined(separator: " ")
        try "#!/bin/sh\n\(settings) exec '\(program)' \"$@\"\n".write(
            toFile: wrapper, atomically: true, encoding: .utf8)
        chmod(wrapper, 0o700)
        return wrapper
    }

    private static let source = #"""
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <fcntl.h>
        #include <stdlib.h>
        #include <sys/mman.h>
        #include <sys/time.h>
        #include <time.h>
        #include <unistd.h>

        static const volatile long long *offset;

        __attribute__((constructor)) static void begin(void) {
            const char *path = getenv("CLOCK_OFFSET_FILE");
            int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
            if (fd < 0) return;
            void *map = mmap(NULL, 8, PROT_READ, MAP_SHARED, fd, 0);
            if (map != MAP_FAILED) offset = map;
            close(fd);
        }

        static long long seconds(void) { return offset ? *offset : 0; }

        int clock_gettime(clockid_t id, struct timespec *value) {
            static int (*real)(clockid_t, struct timespec *);
            if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
            int result = real(id, value);
            if (result == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) value->tv_sec += seconds();
            return result;
        }

        int gettimeofday(struct timeval *restrict value, void *restrict zone) {
            static int (*real)(struct timeval *, void *);
            if (!real) real = (int (*)(struct timeval *, void *))dlsym(RTLD_NEXT, "gettimeofday");
            int result = real(value, zone);
            if (result == 0 && value) value->tv_sec += seconds();
            return result;
        }

        time_t time(time_t *value) {
            static time_t (*real)(time_t *);
            if (!real) real = (time_t (*)(time_t *))dlsym(RTLD_NEXT, "time");
            time_t now = real(NULL) + seconds();
            if (value) *value = now;
            return now;
        }
        """#
}

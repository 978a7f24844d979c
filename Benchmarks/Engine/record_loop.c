/* A bare loop over a tick file, for comparison: the moving-average crossover of the benchmark without engine, orders, risk,
   portfolio and proof of checksums. Prints events and nanoseconds of each pass, and the crossings. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct record {
    int64_t event_time, receive_time;
    uint64_t sequence;
    uint32_t token;
    uint8_t kind, flags;
    uint16_t spare;
    int64_t words[4];
};

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000ll + time.tv_nsec;
}

enum { FAST = 10, SLOW = 50, SLOTS = 1023 };

int main(int argc, char **argv) {
    if (argc < 3) return 64;
    for (int pass = 0; pass < atoi(argv[2]); pass++) {
        int64_t started = now();
        int fd = open(argv[1], O_RDONLY);
        struct stat status;
        if (fd < 0 || fstat(fd, &status) != 0) return 66;
        const uint8_t *bytes = mmap(NULL, status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (bytes == MAP_FAILED) return 74;
        madvise((void *)bytes, status.st_size, MADV_SEQUENTIAL);
        /* The blocks of 64 KiB end the file; what is before them is the header. */
        size_t header = status.st_size % 65536, events = 0;
        double fast[FAST] = {0}, slow[SLOW] = {0}, fast_sum = 0, slow_sum = 0;
        size_t quotes = 0, fast_next = 0, slow_next = 0, crossings = 0;
        int trend = 0;
        for (size_t block = header; block + 65536 <= (size_t)status.st_size; block += 65536) {
            const struct record *records = (const struct record *)(bytes + block);
            uint32_t count;
            memcpy(&count, bytes + block + SLOTS * 64 + 4, 4);
            for (uint32_t i = 0; i < count; i++) {
                const struct record *record = records + i;
                events++;
                if (record->kind != 1) continue;
                double mid = (double)(record->words[0] + (record->words[1] - record->words[0]) / 2) / 1e8;
                fast_sum += mid - fast[fast_next];
                fast[fast_next] = mid;
                fast_next = fast_next + 1 == FAST ? 0 : fast_next + 1;
                slow_sum += mid - slow[slow_next];
                slow[slow_next] = mid;
                slow_next = slow_next + 1 == SLOW ? 0 : slow_next + 1;
                if (++quotes < SLOW) continue;
                double difference = fast_sum / FAST - slow_sum / SLOW;
                int side = difference > 0 ? 1 : difference < 0 ? -1 : trend;
                if (side != trend) crossings++;
                trend = side;
            }
        }
        munmap((void *)bytes, status.st_size);
        close(fd);
        printf("%zu %lld %zu\n", events, (long long)(now() - started), crossings);
    }
    return 0;
}

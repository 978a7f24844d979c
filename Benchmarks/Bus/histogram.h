// A log-linear histogram of nanoseconds with a relative error under 0.8 %.
#pragma once
#include <stdint.h>

#define HISTOGRAM_BUCKETS 4608

static inline int histogram_bucket(uint64_t value) {
    if (value < 256) return (int)value;
    if (value >> 41) value = (1ull << 41) - 1;
    int exponent = 63 - __builtin_clzll(value);
    return 256 + (exponent - 8) * 128 + (int)((value >> (exponent - 7)) & 127);
}

static inline uint64_t histogram_middle(int bucket) {
    if (bucket < 256) return (uint64_t)bucket;
    int exponent = (bucket - 256) / 128 + 8;
    uint64_t mantissa = 128 + (uint64_t)(bucket - 256) % 128;
    return (mantissa << (exponent - 7)) + (1ull << (exponent - 7)) / 2;
}

static inline double histogram_microseconds(const uint64_t *buckets, double share) {
    uint64_t total = 0, passed = 0;
    for (int i = 0; i < HISTOGRAM_BUCKETS; i++) total += buckets[i];
    uint64_t wanted = (uint64_t)(share * (double)total);
    for (int i = 0; i < HISTOGRAM_BUCKETS; i++) {
        passed += buckets[i];
        if (passed > wanted) return (double)histogram_middle(i) / 1e3;
    }
    return 0;
}

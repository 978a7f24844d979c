// One publisher process, N subscriber processes, one broker that runs already: what the parts of the harness share.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>
#include "frames.h"

enum { SUBSCRIBERS_MAX = 256, TOPICS_MAX = 1000, TOKEN_FIRST = 100000 };
enum { PUBLISH_BYTES = 64 << 10, RECEIVE_BYTES = 128 << 10 };

typedef struct {
    const char *client, *socket_path;
    pid_t broker;
    int subscribers, topics, topics_each;
    long messages;
    long window;  // the publisher is at most so far ahead of the slowest running subscriber; 0: no limit
    double rate, seconds;  // paced when rate > 0
    double idle_seconds;
    bool is_lossless;
    bool stops_one;
    bool counts_system_calls;
} Options;
extern Options options;

// How one system is spoken to; one process is either the publisher or one subscriber.
typedef struct {
    const char *name;
    void (*open_publisher)(void);
    void (*publish)(int topic, const Record *record);  // may buffer up to PUBLISH_BYTES
    void (*flush)(void);                               // returns when the kernel has everything
    void (*open_subscriber)(const int *topics, int count);  // returns when the subscriptions are in force
    void (*receive)(void);                             // waits, then calls on_record and on_gap
} Client;
extern const Client frames_client, redis_client;

void on_record(const void *bytes);
void on_gap(uint64_t lost);

_Noreturn void fail(const char *what);  // with the text of errno
int connect_to_broker(void);
void send_all(int socket, const void *bytes, size_t count);

static inline uint64_t nanoseconds(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000ull + (uint64_t)time.tv_nsec;
}

// What the broker process has used so far, or in a span of time.
typedef struct {
    uint64_t cpu, wakeups, preemptions, system_calls;
} BrokerUsage;
void broker_usage_open(pid_t broker, bool counts_system_calls);
bool broker_usage_has_system_calls(void);
BrokerUsage broker_usage_read(void);
BrokerUsage broker_usage_since(const BrokerUsage *begin);
long broker_peak_kilobytes(void);

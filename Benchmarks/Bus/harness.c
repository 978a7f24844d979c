// Measures one case on a broker that runs already, and prints one line of JSON.
//
// The publisher is this process, every subscriber a child. A record carries the CLOCK_MONOTONIC time of its
// sending, its number, and in its first word whether it is warm-up, measured data, or the end. Subscribers count
// into shared memory. The end is sent until all have seen it, because a broker may drop market data.
#define _GNU_SOURCE
#include "harness.h"
#include "histogram.h"
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WARM_UP = 1, DATA = 2, END = 3 };
enum { WARM_UP_MESSAGES = 20000, SILENCE_SECONDS = 2, END_SECONDS = 30 };

typedef struct {
    _Alignas(128) _Atomic uint64_t received;  // warm-up and data
    _Atomic bool is_ready, has_ended;
    uint64_t data, announced, disordered, next_sequence, last_time, cpu_begin, cpu_end, latency_max;
    uint64_t latencies[HISTOGRAM_BUCKETS];
} Subscriber;

Options options = {.client = "frames", .subscribers = 1, .topics = 1, .messages = 100000, .seconds = 1.5};
static Client client;
static Subscriber *subscribers, *self;
static pid_t children[SUBSCRIBERS_MAX];
static uint64_t late[HISTOGRAM_BUCKETS], late_max;

void fail(const char *what) {
    fprintf(stderr, "bus_harness: %s: %s\n", what, strerror(errno));
    _exit(1);
}

int connect_to_broker(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, options.socket_path, sizeof address.sun_path - 1);
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0 || connect(descriptor, (struct sockaddr *)&address, sizeof address)) fail(options.socket_path);
    return descriptor;
}

void send_all(int descriptor, const void *bytes, size_t count) {
    for (size_t sent = 0; sent < count;) {
        ssize_t result = send(descriptor, (const char *)bytes + sent, count - sent, MSG_NOSIGNAL);
        if (result <= 0) fail("send to the broker");
        sent += (size_t)result;
    }
}

// ---- subscribers

void on_gap(uint64_t lost) { self->announced += lost; }

void on_record(const void *bytes) {
    Record record;
    memcpy(&record, bytes, sizeof record);
    if (record.words[0] == END) {
        if (!self->has_ended) self->cpu_end = nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
        self->has_ended = true;
        return;
    }
    atomic_store_explicit(&self->received, self->received + 1, memory_order_relaxed);
    if (record.words[0] != DATA) return;
    if (self->data++ == 0) self->cpu_begin = nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
    if (record.sequence < self->next_sequence) self->disordered++;
    self->next_sequence = record.sequence + 1;
    if (options.rate > 0) {
        uint64_t latency = nanoseconds(CLOCK_MONOTONIC) - (uint64_t)record.event_time;
        self->latencies[histogram_bucket(latency)]++;
        if (latency > self->latency_max) self->latency_max = latency;
    }
}

// Each has neighbouring topics, so that every topic has as many subscribers.
static int choose_topics(int index, int *topics) {
    for (int i = 0; i < options.topics_each; i++) topics[i] = (index * options.topics_each + i) % options.topics;
    return options.topics_each;
}

static _Noreturn void run_subscriber(int index, int finish) {
    int topics[TOPICS_MAX];
    self = &subscribers[index];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    client.open_subscriber(topics, choose_topics(index, topics));
    self->is_ready = true;
    while (!self->has_ended) {
        uint64_t before = self->data;
        client.receive();
        if (self->data != before) self->last_time = nanoseconds(CLOCK_MONOTONIC);
    }
    // Nobody leaves before all are done: the end of a connection is work for the broker.
    char byte;
    if (read(finish, &byte, 1)) fail("wait for the others");
    _exit(0);
}

// ---- the publisher

static int first_running(void) { return options.stops_one ? 1 : 0; }

static uint64_t slowest_count(int first) {
    uint64_t slowest = UINT64_MAX;
    for (int i = first; i < options.subscribers; i++) {
        uint64_t count = atomic_load_explicit(&subscribers[i].received, memory_order_relaxed);
        if (count < slowest) slowest = count;
    }
    return slowest;
}

// Until every subscriber from `first` on has so many, or nothing has moved for a while: then messages were lost.
static bool wait_for_count(uint64_t wanted, int first) {
    uint64_t previous = 0, since = nanoseconds(CLOCK_MONOTONIC);
    for (;;) {
        uint64_t count = slowest_count(first), now = nanoseconds(CLOCK_MONOTONIC);
        if (count >= wanted) return true;
        if (count != previous) previous = count, since = now;
        if (now - since > SILENCE_SECONDS * 1000000000ull) return false;
        usleep(50);
    }
}

static uint64_t share_of(uint64_t messages) {
    return messages * (uint64_t)options.topics_each / (uint64_t)options.topics;
}

static void publish(int64_t phase, uint64_t number) {
    int topic = (int)(number % (uint64_t)options.topics);
    Record record = {.sequence = number, .token = (uint32_t)(TOKEN_FIRST + topic), .kind = KIND_TRADE,
                     .words = {phase, 1, 2, 3}};
    if (options.rate > 0) record.event_time = (int64_t)nanoseconds(CLOCK_MONOTONIC);
    client.publish(topic, &record);
}

static void publish_at_full_speed(uint64_t messages, int64_t phase, uint64_t base) {
    for (uint64_t i = 0; i < messages; i++) {
        publish(phase, i);
        if (options.window == 0 || i % 512 != 511 || i < (uint64_t)options.window) continue;
        client.flush();
        wait_for_count(base + share_of(i - (uint64_t)options.window), first_running());
    }
    client.flush();
}

// Sleeps to each message's time; what is due on waking goes out in one flush.
static void publish_paced(uint64_t messages, uint64_t start) {
    const double step = 1e9 / options.rate;
    for (uint64_t i = 0; i < messages;) {
        uint64_t due = start + (uint64_t)((double)i * step), now = nanoseconds(CLOCK_MONOTONIC);
        if (now < due) {
            struct timespec time = {(time_t)(due / 1000000000), (long)(due % 1000000000)};
            clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
            continue;
        }
        for (; i < messages && due <= now; due = start + (uint64_t)((double)++i * step)) {
            uint64_t lateness = nanoseconds(CLOCK_MONOTONIC) - due;
            late[histogram_bucket(lateness)]++;
            if (lateness > late_max) late_max = lateness;
            publish(DATA, i);
        }
        client.flush();
    }
}

// Sends the end on every topic until each subscriber from `first` on has seen it.
static void publish_end(int first) {
    uint64_t deadline = nanoseconds(CLOCK_MONOTONIC) + END_SECONDS * 1000000000ull;
    for (int millisecond = 0;; millisecond++) {
        if (millisecond % 50 == 0) {
            for (int topic = 0; topic < options.topics; topic++) publish(END, (uint64_t)topic);
            client.flush();
        }
        int index = first;
        while (index < options.subscribers && subscribers[index].has_ended) index++;
        if (index == options.subscribers) return;
        if (nanoseconds(CLOCK_MONOTONIC) > deadline) {
            fprintf(stderr, "bus_harness: subscriber %d has not seen the end after %d s\n", index, END_SECONDS);
            _exit(1);
        }
        usleep(1000);
    }
}

// ---- a run

static void start_subscribers(int finish[2]) {
    for (int i = 0; i < options.subscribers; i++) {
        children[i] = fork();
        if (children[i] < 0) fail("fork");
        if (children[i] == 0) {
            close(finish[1]);
            run_subscriber(i, finish[0]);
        }
    }
    for (int i = 0; i < options.subscribers; i++)
        while (!subscribers[i].is_ready) {
            if (waitpid(children[i], NULL, WNOHANG)) fail("a subscriber ended early");
            usleep(500);
        }
}

typedef struct {
    uint64_t start, sent, publisher_cpu;
    BrokerUsage broker;
} Measurement;

static Measurement measure_idle(void) {
    Measurement result = {.start = nanoseconds(CLOCK_MONOTONIC)};
    BrokerUsage before = broker_usage_read();
    usleep((useconds_t)(options.idle_seconds * 1e6));
    result.broker = broker_usage_since(&before);
    result.sent = nanoseconds(CLOCK_MONOTONIC);
    options.messages = 0;
    return result;
}

static Measurement measure(void) {
    uint64_t messages = (uint64_t)options.messages;
    uint64_t warm_up = messages / 10 < WARM_UP_MESSAGES ? messages / 10 : WARM_UP_MESSAGES;
    warm_up -= warm_up % (uint64_t)options.topics;
    publish_at_full_speed(warm_up, WARM_UP, 0);
    wait_for_count(share_of(warm_up), 0);
    if (options.stops_one) kill(children[0], SIGSTOP);
    usleep(30000);
    uint64_t base = slowest_count(first_running());
    BrokerUsage before = broker_usage_read();
    uint64_t cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
    Measurement result = {.start = nanoseconds(CLOCK_MONOTONIC)};
    if (options.rate > 0) publish_paced(messages, result.start); else publish_at_full_speed(messages, DATA, base);
    result.sent = nanoseconds(CLOCK_MONOTONIC);
    publish_end(first_running());
    result.publisher_cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    result.broker = broker_usage_since(&before);
    if (options.stops_one) {
        kill(children[0], SIGCONT);
        publish_end(0);
    }
    return result;
}

static void print_latencies(void) {
    static uint64_t all[HISTOGRAM_BUCKETS];
    uint64_t largest = 0;
    for (int i = 0; i < options.subscribers; i++) {
        for (int bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) all[bucket] += subscribers[i].latencies[bucket];
        if (subscribers[i].latency_max > largest) largest = subscribers[i].latency_max;
    }
    printf(", \"p50_us\": %.2f, \"p99_us\": %.2f, \"p999_us\": %.2f, \"max_us\": %.2f, \"late_p99_us\": %.2f, "
           "\"late_max_us\": %.2f",
           histogram_microseconds(all, 0.5), histogram_microseconds(all, 0.99), histogram_microseconds(all, 0.999),
           (double)largest / 1e3, histogram_microseconds(late, 0.99), (double)late_max / 1e3);
}

static void print_result(const Measurement *result) {
    uint64_t delivered = 0, announced = 0, disordered = 0, last = 0, cpu = 0, least = UINT64_MAX;
    for (int i = first_running(); i < options.subscribers; i++) {
        const Subscriber *subscriber = &subscribers[i];
        delivered += subscriber->data;
        announced += subscriber->announced;
        disordered += subscriber->disordered;
        cpu += subscriber->cpu_end - subscriber->cpu_begin;
        if (subscriber->last_time > last) last = subscriber->last_time;
        if (subscriber->data < least) least = subscriber->data;
    }
    uint64_t expected = share_of((uint64_t)options.messages);
    printf("{\"messages\": %ld, \"running\": %d, \"expected\": %lu, \"delivered\": %lu, \"announced\": %lu, "
           "\"least\": %lu, \"disordered\": %lu, \"elapsed_s\": %.6f, \"sending_s\": %.6f, \"broker_cpu_ns\": %lu, "
           "\"publisher_cpu_ns\": %lu, \"subscriber_cpu_ns\": %lu, \"wakeups\": %lu, \"preemptions\": %lu, "
           "\"broker_peak_kb\": %ld",
           options.messages, options.subscribers - first_running(),
           expected * (uint64_t)(options.subscribers - first_running()), delivered, announced, least, disordered,
           last > result->start ? (double)(last - result->start) / 1e9 : 0,
           (double)(result->sent - result->start) / 1e9,
           result->broker.cpu, result->publisher_cpu, cpu, result->broker.wakeups, result->broker.preemptions,
           broker_peak_kilobytes());
    if (broker_usage_has_system_calls()) printf(", \"system_calls\": %lu", result->broker.system_calls);
    if (options.stops_one)
        printf(", \"stopped_received\": %lu, \"stopped_announced\": %lu", subscribers[0].data,
               subscribers[0].announced);
    if (options.rate > 0) print_latencies();
    printf("}\n");
}

static void read_options(int count, char **arguments) {
    static const struct option known[] = {
        {"client", 1, 0, 'c'}, {"socket", 1, 0, 's'}, {"broker", 1, 0, 'b'}, {"subscribers", 1, 0, 'n'},
        {"topics", 1, 0, 't'}, {"topics-each", 1, 0, 'e'}, {"messages", 1, 0, 'm'}, {"window", 1, 0, 'w'},
        {"rate", 1, 0, 'r'}, {"seconds", 1, 0, 'd'}, {"idle", 1, 0, 'i'}, {"lossless", 0, 0, 'l'},
        {"stop-one", 0, 0, 'o'}, {"count-system-calls", 0, 0, 'y'}, {0}};
    for (int letter; (letter = getopt_long(count, arguments, "", known, NULL)) != -1;) switch (letter) {
        case 'c': options.client = optarg; break;
        case 's': options.socket_path = optarg; break;
        case 'b': options.broker = atoi(optarg); break;
        case 'n': options.subscribers = atoi(optarg); break;
        case 't': options.topics = atoi(optarg); break;
        case 'e': options.topics_each = atoi(optarg); break;
        case 'm': options.messages = atol(optarg); break;
        case 'w': options.window = atol(optarg); break;
        case 'r': options.rate = atof(optarg); break;
        case 'd': options.seconds = atof(optarg); break;
        case 'i': options.idle_seconds = atof(optarg); break;
        case 'l': options.is_lossless = true; break;
        case 'o': options.stops_one = true; break;
        case 'y': options.counts_system_calls = true; break;
        default: _exit(64);
    }
    if (options.topics_each == 0) options.topics_each = options.topics;
    if (options.rate > 0) options.messages = (long)(options.rate * options.seconds);
    if (!options.socket_path || !options.broker || options.subscribers < 1 + first_running() ||
        options.subscribers > SUBSCRIBERS_MAX || options.topics < 1 || options.topics > TOPICS_MAX ||
        options.topics_each > options.topics) {
        fprintf(stderr, "bus_harness: --socket and --broker are needed; at most %d subscribers, %d topics\n",
                SUBSCRIBERS_MAX, TOPICS_MAX);
        _exit(64);
    }
    options.messages -= options.messages % options.topics;
    client = strcmp(options.client, "redis") ? frames_client : redis_client;
}

int main(int count, char **arguments) {
    read_options(count, arguments);
    prctl(PR_SET_TIMERSLACK, 1);
    subscribers = mmap(NULL, sizeof(Subscriber) * (size_t)options.subscribers, PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    int finish[2];
    if (subscribers == MAP_FAILED || pipe(finish)) fail("shared memory and a pipe");
    start_subscribers(finish);
    client.open_publisher();
    broker_usage_open(options.broker, options.counts_system_calls);
    Measurement result = options.idle_seconds > 0 ? measure_idle() : measure();
    print_result(&result);
    fflush(stdout);
    close(finish[1]);
    if (options.idle_seconds > 0)
        for (int i = 0; i < options.subscribers; i++) kill(children[i], SIGKILL);
    for (int i = 0; i < options.subscribers; i++) waitpid(children[i], NULL, 0);
    return 0;
}

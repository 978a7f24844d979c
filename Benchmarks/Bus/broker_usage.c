// CPU time, voluntary context switches, system calls and peak memory of the broker process, from the outside.
#define _GNU_SOURCE
#include "harness.h"
#include <dirent.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { THREADS_MAX = 64 };
static pid_t broker;
static int counters[THREADS_MAX], counter_count;

static void each_thread(void (*act)(pid_t thread, void *context), void *context) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", broker);
    DIR *directory = opendir(path);
    if (!directory) fail(path);
    for (struct dirent *entry; (entry = readdir(directory));)
        if (entry->d_name[0] != '.') act(atoi(entry->d_name), context);
    closedir(directory);
}

static long status_value(const char *path, const char *name) {
    char line[256];
    long value = 0;
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        if (!strncmp(line, name, strlen(name))) value = atol(line + strlen(name));
    if (file) fclose(file);
    return value;
}

// The tracepoint's number; 0 where the kernel or our rights do not show it.
static unsigned long system_call_tracepoint(void) {
    unsigned long number = 0;
    FILE *file = fopen("/sys/kernel/tracing/events/raw_syscalls/sys_enter/id", "r");
    if (file && fscanf(file, "%lu", &number) != 1) number = 0;
    if (file) fclose(file);
    return number;
}

static void open_counter(pid_t thread, void *context) {
    struct perf_event_attr event = {.type = PERF_TYPE_TRACEPOINT, .size = sizeof event};
    event.config = *(unsigned long *)context;
    int counter = (int)syscall(SYS_perf_event_open, &event, thread, -1, -1, PERF_FLAG_FD_CLOEXEC);
    if (counter >= 0 && counter_count < THREADS_MAX) counters[counter_count++] = counter;
}

void broker_usage_open(pid_t process, bool counts_system_calls) {
    broker = process;
    unsigned long tracepoint = counts_system_calls ? system_call_tracepoint() : 0;
    if (tracepoint) each_thread(open_counter, &tracepoint);
}

bool broker_usage_has_system_calls(void) { return counter_count > 0; }

static void add_switches(pid_t thread, void *context) {
    BrokerUsage *usage = context;
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task/%d/status", broker, thread);
    usage->wakeups += (uint64_t)status_value(path, "voluntary_ctxt_switches:");
    usage->preemptions += (uint64_t)status_value(path, "nonvoluntary_ctxt_switches:");
}

BrokerUsage broker_usage_read(void) {
    BrokerUsage usage = {0};
    clockid_t clock;
    if (clock_getcpuclockid(broker, &clock)) fail("the broker's CPU clock");
    usage.cpu = nanoseconds(clock);
    each_thread(add_switches, &usage);
    for (int i = 0; i < counter_count; i++) {
        uint64_t value;
        if (read(counters[i], &value, sizeof value) == sizeof value) usage.system_calls += value;
    }
    return usage;
}

BrokerUsage broker_usage_since(const BrokerUsage *begin) {
    BrokerUsage now = broker_usage_read();
    return (BrokerUsage){now.cpu - begin->cpu, now.wakeups - begin->wakeups, now.preemptions - begin->preemptions,
                         now.system_calls - begin->system_calls};
}

long broker_peak_kilobytes(void) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/status", broker);
    return status_value(path, "VmHWM:");
}

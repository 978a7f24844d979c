// Speaks RESP to a Redis server: PUBLISH without waiting for each reply, SUBSCRIBE, and the messages that follow.
#include "harness.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int descriptor;
static char output[PUBLISH_BYTES], input[RECEIVE_BYTES];
static size_t output_count, input_count;
static struct {
    char text[96];
    size_t count;
} prefixes[TOPICS_MAX];  // what stands before the content of a publish
static int confirmed;

// Replies are integers, one a line; an error reply starts with '-'.
static void discard_replies(void) {
    for (ssize_t count; (count = recv(descriptor, input, sizeof input, MSG_DONTWAIT)) > 0;) {
        if (input[0] != '-') continue;
        fprintf(stderr, "bus_harness: redis says: %.*s\n", (int)count, input);
        _exit(1);
    }
}

static void flush(void) {
    size_t sent = 0;
    while (sent < output_count) {
        ssize_t count = send(descriptor, output + sent, output_count - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count > 0) {
            sent += (size_t)count;
        } else if (errno == EAGAIN) {
            struct pollfd ready = {.fd = descriptor, .events = POLLIN | POLLOUT};
            poll(&ready, 1, -1);
            if (ready.revents & POLLIN) discard_replies();
        } else {
            fail("send to redis");
        }
    }
    output_count = 0;
    discard_replies();
}

static void publish(int topic, const Record *record) {
    size_t count = prefixes[topic].count;
    if (output_count + count + sizeof *record + 2 > sizeof output) flush();
    memcpy(output + output_count, prefixes[topic].text, count);
    output_count += count;
    memcpy(output + output_count, record, sizeof *record);
    output_count += sizeof *record;
    memcpy(output + output_count, "\r\n", 2);
    output_count += 2;
}

static void open_publisher(void) {
    descriptor = connect_to_broker();
    for (int topic = 0; topic < options.topics; topic++) {
        char name[32];
        int length = snprintf(name, sizeof name, "live_data:%d", TOKEN_FIRST + topic);
        prefixes[topic].count = (size_t)snprintf(prefixes[topic].text, sizeof prefixes[topic].text,
                                                 "*3\r\n$7\r\nPUBLISH\r\n$%d\r\n%s\r\n$64\r\n", length, name);
    }
}

// Reads "<sign><digits>\r\n" and moves past it; -1 when it is not all there yet.
static long read_number(const char **position, const char *end) {
    const char *next = *position + 1;
    long value = 0;
    while (next < end && *next != '\r') value = value * 10 + (*next++ - '0');
    if (next + 2 > end) return -1;
    *position = next + 2;
    return value;
}

// One element of a push: a bulk string or an integer; NULL when it is not all there yet.
static const char *read_element(const char **position, const char *end) {
    if (*position == end) return NULL;
    bool is_integer = **position == ':';
    long count = read_number(position, end);
    if (count < 0) return NULL;
    const char *start = *position;
    if (is_integer) return start;  // nothing but its presence matters
    if (end - start < count + 2) return NULL;
    *position = start + count + 2;
    return start;
}

static void receive(void) {
    ssize_t count = recv(descriptor, input + input_count, sizeof input - input_count, 0);
    if (count <= 0) fail("receive from redis");
    input_count += (size_t)count;
    const char *taken = input, *end = input + input_count;
    for (;;) {  // *3, then: message, topic, content; or: subscribe, topic, count
        const char *position = taken;
        if (position == end || read_number(&position, end) < 0) break;
        const char *verb = read_element(&position, end);
        if (!verb || !read_element(&position, end)) break;
        const char *content = read_element(&position, end);
        if (!content) break;
        if (verb[0] == 'm') on_record(content); else confirmed++;
        taken = position;
    }
    input_count = (size_t)(end - taken);
    memmove(input, taken, input_count);
}

static void open_subscriber(const int *topics, int count) {
    descriptor = connect_to_broker();
    for (int i = 0; i < count; i++) {
        char name[32], command[96];
        int length = snprintf(name, sizeof name, "live_data:%d", TOKEN_FIRST + topics[i]);
        int size = snprintf(command, sizeof command, "*2\r\n$9\r\nSUBSCRIBE\r\n$%d\r\n%s\r\n", length, name);
        send_all(descriptor, command, (size_t)size);
    }
    while (confirmed < count) receive();
}

const Client redis_client = {"redis", open_publisher, publish, flush, open_subscriber, receive};

// Speaks the bus protocol: to tradewind and to the reference broker.
#include "harness.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int descriptor;
static uint8_t output[PUBLISH_BYTES], input[RECEIVE_BYTES];
static size_t output_count, input_count;
static bool has_pong;

static void flush(void) {
    send_all(descriptor, output, output_count);
    output_count = 0;
}

static void append(const void *bytes, size_t count) {
    if (output_count + count > sizeof output) flush();
    memcpy(output + output_count, bytes, count);
    output_count += count;
}

static void append_header(uint8_t type, uint32_t length) {
    append(&(FrameHeader){.length = length, .type = type, .version = PROTOCOL_VERSION}, sizeof(FrameHeader));
}

static void append_text(const char *text) {
    append(&(uint16_t){(uint16_t)strlen(text)}, 2);
    append(text, strlen(text));
}

static void read_frame(const FrameHeader *header, const uint8_t *payload) {
    if (header->type == FRAME_RECORDS) {
        for (uint32_t at = 8; at + sizeof(Record) <= header->length; at += sizeof(Record)) on_record(payload + at);
    } else if (header->type == FRAME_GAP) {
        GapPayload gap;
        memcpy(&gap, payload, 20);
        on_gap(gap.lost);
    } else if (header->type == FRAME_PONG) {
        has_pong = true;
    } else if (header->type == FRAME_ERROR || header->type == FRAME_GOODBYE) {
        fprintf(stderr, "bus_harness: the broker says: %.*s\n", (int)header->length - 4, (const char *)payload + 4);
        _exit(1);
    }
}

static void receive(void) {
    ssize_t count = recv(descriptor, input + input_count, sizeof input - input_count, 0);
    if (count <= 0) fail("receive from the broker");
    input_count += (size_t)count;
    size_t position = 0;
    FrameHeader header;
    while (input_count - position >= sizeof header) {
        memcpy(&header, input + position, sizeof header);
        if (input_count - position < sizeof header + header.length) break;
        read_frame(&header, input + position + sizeof header);
        position += sizeof header + header.length;
    }
    input_count -= position;
    memmove(input, input + position, input_count);
}

static void say_hello(uint8_t role) {
    descriptor = connect_to_broker();
    append_header(FRAME_HELLO, 2 + 1 + 1 + 4 + 2 + 5 + 2);
    append((uint8_t[]){PROTOCOL_VERSION, 0, role, 0}, 4);
    append(&(uint32_t){(uint32_t)getpid()}, 4);
    append_text("bench");
    append_text("");  // no token
}

static void wait_until_served(void) {
    append_header(FRAME_PING, 0);
    flush();
    while (!has_pong) receive();
}

static void open_publisher(void) {
    say_hello(ROLE_FEED);
    wait_until_served();
}

static void open_subscriber(const int *topics, int count) {
    say_hello(ROLE_OBSERVER);
    for (int i = 0; i < count; i++) {
        char pattern[32];
        snprintf(pattern, sizeof pattern, "live_data:%d", TOKEN_FIRST + topics[i]);
        append_header(FRAME_SUBSCRIBE, (uint32_t)(1 + 2 + strlen(pattern)));
        append(&(uint8_t){0}, 1);
        append_text(pattern);
    }
    wait_until_served();
}

static void publish(int topic, const Record *record) {
    if (output_count + sizeof(RecordsHeader) + sizeof *record > sizeof output) flush();
    RecordsHeader header = {.header = {.length = sizeof(RecordsHeader) - sizeof(FrameHeader) + sizeof *record,
                                       .type = FRAME_RECORDS, .flags = options.is_lossless ? FLAG_LOSSLESS : 0,
                                       .version = PROTOCOL_VERSION},
                            .token = (uint32_t)(TOKEN_FIRST + topic), .source = 1};
    memcpy(output + output_count, &header, sizeof header);
    memcpy(output + output_count + sizeof header, record, sizeof *record);
    output_count += sizeof header + sizeof *record;
}

const Client frames_client = {"frames", open_publisher, publish, flush, open_subscriber, receive};

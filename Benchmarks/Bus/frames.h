// The part of the bus protocol (Sources/MessageBus/PROTOCOL.md) that market data needs. Little-endian machines only.
#pragma once
#include <stdint.h>

enum {
    FRAME_HELLO = 1, FRAME_WELCOME = 2, FRAME_SUBSCRIBE = 3, FRAME_RECORDS = 7, FRAME_GAP = 8, FRAME_PING = 9,
    FRAME_PONG = 10, FRAME_ERROR = 11, FRAME_GOODBYE = 12
};
enum { PROTOCOL_VERSION = 1, FLAG_LOSSLESS = 1, ROLE_OBSERVER = 1, ROLE_FEED = 3, KIND_TRADE = 2 };

typedef struct {
    uint32_t length;  // of what follows the header
    uint8_t type, flags, version, reserved;
} FrameHeader;

typedef struct {
    FrameHeader header;
    uint32_t token;
    uint16_t source, reserved;
} RecordsHeader;

typedef struct {
    int64_t event_time, receive_time;
    uint64_t sequence;
    uint32_t token;
    uint8_t kind, flags;
    uint16_t spare;
    int64_t words[4];
} Record;

typedef struct {
    uint32_t lowest_token, highest_token;
    uint64_t lost;
    uint16_t source, reserved[3];
} GapPayload;

_Static_assert(sizeof(FrameHeader) == 8 && sizeof(RecordsHeader) == 16 && sizeof(Record) == 64, "wire layout");

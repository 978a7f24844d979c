// A broker of the same design as tradewind's, by hand and with nothing else to do: the yardstick of the benchmark.
//
//     reference_broker SOCKET
//
// One thread, epoll. A turn reads at most one block from each readable peer, cuts it into frames in place, gathers
// neighbouring records frames for the same subscribers into runs, queues for each subscriber a reference to the run,
// and then writes each subscriber's queue with one vectored call. Lossless: while any subscriber has too much queued,
// feeds are not read. It takes hello, subscribe to `live_data:{token}`, ping and records, and trusts its peers: no
// roles, no limits, no gaps, no other topics.
#define _GNU_SOURCE
#include "frames.h"
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

enum { BLOCK_BYTES = 64 << 10, READ_BYTES_MIN = 8 << 10 };
enum { QUEUE_BYTES_HIGH = 4 << 20, QUEUE_BYTES_LOW = 1 << 20 };
enum { PEERS_MAX = 1024, TOPICS_MAX = 1024, VECTOR_MAX = 256, EVENTS_MAX = 256 };

typedef struct Block {
    int references;
    struct Block *next_free;
    uint8_t bytes[BLOCK_BYTES];
} Block;

typedef struct {
    Block *block;
    uint32_t offset, count;
} Piece;

typedef struct {
    bool is_open, is_dirty, is_blocked, is_behind, is_feed;
    Block *input;  // what is being read into
    uint32_t input_count, input_position;
    Piece *pieces;  // a ring
    uint32_t first, last, capacity;
    size_t queued_bytes;
} Peer;

typedef struct {
    uint16_t subscribers[PEERS_MAX];
    int count;
} Topic;

static Peer peers[PEERS_MAX];
static Topic topics[TOPICS_MAX];
static int groups[TOPICS_MAX];  // of each topic, the first one with the same subscribers
static int dirty[PEERS_MAX], dirty_count, behind_count, poller;
static bool are_feeds_held, are_groups_known;
static Block *free_blocks;

static Block *take_block(void) {
    Block *block = free_blocks;
    if (block) free_blocks = block->next_free; else block = malloc(sizeof *block);
    if (!block) abort();
    block->references = 1;
    return block;
}

static void give_block(Block *block) {
    if (!block || --block->references) return;
    block->next_free = free_blocks;
    free_blocks = block;
}

static void watch(int operation, int descriptor, uint32_t events) {
    epoll_ctl(poller, operation, descriptor, &(struct epoll_event){.events = events, .data.fd = descriptor});
}

// Topics whose tokens differ by a multiple of TOPICS_MAX would share a place; a benchmark has no such tokens.
static int place_of(uint32_t token) { return (int)(token % TOPICS_MAX); }

static void close_peer(int descriptor) {
    Peer *peer = &peers[descriptor];
    for (int i = 0; i < TOPICS_MAX; i++) {
        int kept = 0;
        for (int k = 0; k < topics[i].count; k++)
            if (topics[i].subscribers[k] != descriptor) topics[i].subscribers[kept++] = topics[i].subscribers[k];
        topics[i].count = kept;
    }
    are_groups_known = false;
    for (; peer->first != peer->last; peer->first++) give_block(peer->pieces[peer->first & (peer->capacity - 1)].block);
    give_block(peer->input);
    if (peer->is_behind) behind_count--;
    free(peer->pieces);
    *peer = (Peer){0};
    close(descriptor);
}

// ---- queueing

static void grow_queue(Peer *peer) {
    uint32_t capacity = peer->capacity ? peer->capacity * 2 : 256, count = peer->last - peer->first;
    Piece *pieces = malloc(capacity * sizeof *pieces);
    if (!pieces) abort();
    for (uint32_t i = 0; i < count; i++) pieces[i] = peer->pieces[(peer->first + i) & (peer->capacity - 1)];
    free(peer->pieces);
    peer->pieces = pieces;
    peer->first = 0;
    peer->last = count;
    peer->capacity = capacity;
}

static void enqueue(int descriptor, Block *block, uint32_t offset, uint32_t count) {
    Peer *peer = &peers[descriptor];
    Piece *newest = peer->first == peer->last ? NULL : &peer->pieces[(peer->last - 1) & (peer->capacity - 1)];
    if (newest && newest->block == block && newest->offset + newest->count == offset) {
        newest->count += count;
    } else {
        if (peer->last - peer->first == peer->capacity) grow_queue(peer);
        peer->pieces[peer->last++ & (peer->capacity - 1)] = (Piece){block, offset, count};
        block->references++;
    }
    peer->queued_bytes += count;
    if (!peer->is_dirty) peer->is_dirty = true, dirty[dirty_count++] = descriptor;
    if (!peer->is_behind && peer->queued_bytes > QUEUE_BYTES_HIGH) peer->is_behind = true, behind_count++;
}

static void drop_written(Peer *peer, size_t count) {
    peer->queued_bytes -= count;
    while (count > 0) {
        Piece *oldest = &peer->pieces[peer->first & (peer->capacity - 1)];
        if (count < oldest->count) {
            oldest->offset += (uint32_t)count;
            oldest->count -= (uint32_t)count;
            return;
        }
        count -= oldest->count;
        give_block(oldest->block);
        peer->first++;
    }
}

static void write_queue(int descriptor) {
    Peer *peer = &peers[descriptor];
    bool is_full = false;
    while (!is_full && peer->first != peer->last) {
        struct iovec vector[VECTOR_MAX];
        size_t count = 0, wanted = 0;
        for (uint32_t i = peer->first; i != peer->last && count < VECTOR_MAX; i++, count++) {
            Piece *piece = &peer->pieces[i & (peer->capacity - 1)];
            vector[count] = (struct iovec){piece->block->bytes + piece->offset, piece->count};
            wanted += piece->count;
        }
        struct msghdr message = {.msg_iov = vector, .msg_iovlen = count};
        ssize_t written = sendmsg(descriptor, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (written < 0 && errno != EAGAIN) {
            close_peer(descriptor);
            return;
        }
        is_full = written < (ssize_t)wanted;
        if (written > 0) drop_written(peer, (size_t)written);
    }
    if (is_full != peer->is_blocked) {
        peer->is_blocked = is_full;
        watch(EPOLL_CTL_MOD, descriptor, is_full ? EPOLLIN | EPOLLOUT : EPOLLIN);
    }
    if (peer->is_behind && peer->queued_bytes < QUEUE_BYTES_LOW) peer->is_behind = false, behind_count--;
}

// ---- frames

static void answer(int descriptor, uint8_t type, const void *payload, uint32_t count) {
    FrameHeader header = {.length = count, .type = type, .version = PROTOCOL_VERSION};
    Block *block = take_block();
    memcpy(block->bytes, &header, sizeof header);
    memcpy(block->bytes + sizeof header, payload, count);
    enqueue(descriptor, block, 0, (uint32_t)sizeof header + count);
    give_block(block);
}

static void subscribe(int descriptor, const uint8_t *payload, uint32_t count) {
    for (uint32_t at = 1; at + 2 <= count;) {
        uint16_t length;
        char text[64] = "";
        memcpy(&length, payload + at, 2);
        memcpy(text, payload + at + 2, length < sizeof text ? length : sizeof text - 1);
        at += 2u + length;
        uint32_t token;
        if (sscanf(text, "live_data:%u", &token) != 1) continue;
        Topic *topic = &topics[place_of(token)];
        topic->subscribers[topic->count++] = (uint16_t)descriptor;
    }
    are_groups_known = false;
}

static void find_groups(void) {
    are_groups_known = true;
    for (int i = 0; i < TOPICS_MAX; i++) {
        size_t bytes = (size_t)topics[i].count * sizeof topics[i].subscribers[0];
        int k = 0;
        while (topics[k].count != topics[i].count ||
               memcmp(topics[k].subscribers, topics[i].subscribers, bytes))
            k++;
        groups[i] = k;
    }
}

static void receive_frame(int descriptor, const FrameHeader *header, const uint8_t *payload) {
    const uint8_t welcome[32] = {PROTOCOL_VERSION};
    switch (header->type) {
        case FRAME_HELLO:
            peers[descriptor].is_feed = payload[2] == ROLE_FEED;
            answer(descriptor, FRAME_WELCOME, welcome, sizeof welcome);
            break;
        case FRAME_SUBSCRIBE: subscribe(descriptor, payload, header->length); break;
        case FRAME_PING: answer(descriptor, FRAME_PONG, payload, header->length); break;
        default: break;
    }
}

// Takes the frames that are whole, and queues each run of records.
static void take_frames(int descriptor) {
    Peer *peer = &peers[descriptor];
    uint32_t run_start = 0, run_count = 0;
    int run_group = -1;
    for (;;) {
        FrameHeader header;
        const uint8_t *next = peer->input->bytes + peer->input_position;
        uint32_t rest = peer->input_count - peer->input_position, total = 0;
        if (rest >= sizeof header) {
            memcpy(&header, next, sizeof header);
            total = (uint32_t)sizeof header + header.length;
        }
        bool is_whole = total > 0 && rest >= total;
        int group = -1;
        if (is_whole && header.type == FRAME_RECORDS) {
            uint32_t token;
            memcpy(&token, next + sizeof header, sizeof token);
            if (!are_groups_known) find_groups();
            group = groups[place_of(token)];
        }
        if (group != run_group && run_group >= 0)
            for (int i = 0; i < topics[run_group].count; i++)
                enqueue(topics[run_group].subscribers[i], peer->input, run_start, run_count);
        if (!is_whole) return;
        if (group != run_group) run_start = peer->input_position, run_count = 0;
        run_group = group;
        run_count += total;
        if (group < 0) receive_frame(descriptor, &header, next + sizeof header);
        peer->input_position += total;
    }
}

static void read_peer(int descriptor) {
    Peer *peer = &peers[descriptor];
    if (!peer->input || BLOCK_BYTES - peer->input_count < READ_BYTES_MIN) {  // a new block; half a frame goes along
        Block *block = take_block();
        uint32_t rest = peer->input ? peer->input_count - peer->input_position : 0;
        if (rest) memcpy(block->bytes, peer->input->bytes + peer->input_position, rest);
        give_block(peer->input);
        peer->input = block;
        peer->input_position = 0;
        peer->input_count = rest;
    }
    size_t room = BLOCK_BYTES - peer->input_count;
    ssize_t count = recv(descriptor, peer->input->bytes + peer->input_count, room, MSG_DONTWAIT);
    if (count > 0) {
        peer->input_count += (uint32_t)count;
        take_frames(descriptor);
    } else if (count == 0 || errno != EAGAIN) {
        close_peer(descriptor);
    }
}

// ---- the loop

static int listen_on(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 1024)) {
        perror(path);
        exit(1);
    }
    return listener;
}

static void accept_peer(int listener) {
    int descriptor = accept(listener, NULL, NULL);
    if (descriptor < 0) return;
    if (descriptor >= PEERS_MAX) {
        close(descriptor);
        return;
    }
    peers[descriptor].is_open = true;
    watch(EPOLL_CTL_ADD, descriptor, EPOLLIN);
}

static void hold_feeds(bool are_held) {
    are_feeds_held = are_held;
    for (int i = 0; i < PEERS_MAX; i++)
        if (peers[i].is_open && peers[i].is_feed) watch(EPOLL_CTL_MOD, i, are_held ? 0 : EPOLLIN);
}

int main(int count, char **arguments) {
    if (count != 2) {
        fprintf(stderr, "usage: reference_broker SOCKET\n");
        return 64;
    }
    int listener = listen_on(arguments[1]);
    poller = epoll_create1(EPOLL_CLOEXEC);
    watch(EPOLL_CTL_ADD, listener, EPOLLIN);
    for (;;) {
        struct epoll_event events[EVENTS_MAX];
        int ready = epoll_wait(poller, events, EVENTS_MAX, -1);
        for (int i = 0; i < ready; i++) {
            int descriptor = events[i].data.fd;
            if (descriptor == listener) {
                accept_peer(listener);
                continue;
            }
            if (peers[descriptor].is_open && events[i].events & EPOLLOUT) write_queue(descriptor);
            if (peers[descriptor].is_open && events[i].events & ~(uint32_t)EPOLLOUT) read_peer(descriptor);
        }
        for (int i = 0; i < dirty_count; i++) {
            Peer *peer = &peers[dirty[i]];
            peer->is_dirty = false;
            if (peer->is_open && !peer->is_blocked) write_queue(dirty[i]);
        }
        dirty_count = 0;
        if (are_feeds_held != (behind_count > 0)) hold_feeds(behind_count > 0);
    }
}

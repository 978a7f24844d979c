#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "CPlatform.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <limits.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/uio.h>
#include <unistd.h>

#if defined(__linux__)
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#endif

int64_t cplatform_peer_user_id(int socket_fd) {
#if defined(__linux__)
    struct ucred credentials;
    socklen_t length = sizeof credentials;
    if (getsockopt(socket_fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) return -1;
    return credentials.uid;
#else
    uid_t user;
    gid_t group;
    if (getpeereid(socket_fd, &user, &group) != 0) return -1;
    return user;
#endif
}

int64_t cplatform_peer_process_id(int socket_fd) {
#if defined(__linux__)
    struct ucred credentials;
    socklen_t length = sizeof credentials;
    if (getsockopt(socket_fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) return -1;
    return credentials.pid;
#else
    pid_t pid;
    socklen_t length = sizeof pid;
    if (getsockopt(socket_fd, SOL_LOCAL, LOCAL_PEERPID, &pid, &length) != 0) return -1;
    return pid;
#endif
}

int cplatform_pidfd_open(pid_t pid) {
#if defined(__linux__)
    return (int)syscall(SYS_pidfd_open, pid, 0);
#else
    (void)pid;
    errno = ENOSYS;
    return -1;
#endif
}

int cplatform_pidfd_send_signal(int pidfd, int signal_number) {
#if defined(__linux__)
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal_number, (void *)0, 0);
#else
    (void)pidfd;
    (void)signal_number;
    errno = ENOSYS;
    return -1;
#endif
}

int cplatform_open(const char *path, int flags, mode_t mode) {
    return open(path, flags | O_CLOEXEC, mode);
}

int cplatform_set_close_on_exec(int fd, int is_on) {
    int flags = fcntl(fd, F_GETFD);
    if (flags < 0) return -1;
    return fcntl(fd, F_SETFD, is_on ? flags | FD_CLOEXEC : flags & ~FD_CLOEXEC);
}

int cplatform_set_nonblocking(int fd, int is_on) {
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0) return -1;
    return fcntl(fd, F_SETFL, is_on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

int64_t cplatform_send_two(
    int fd, const void *first, size_t first_count, const void *second, size_t second_count) {
    struct iovec pieces[2] = {{(void *)first, first_count}, {(void *)second, second_count}};
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = second_count > 0 ? 2 : 1};
#ifdef MSG_NOSIGNAL
    const int flags = MSG_NOSIGNAL | MSG_DONTWAIT;
#else
    // The socket has SO_NOSIGPIPE there.
    const int flags = MSG_DONTWAIT;
#endif
    ssize_t taken;
    do {
        taken = sendmsg(fd, &message, flags);
    } while (taken < 0 && errno == EINTR);
    return taken;
}

int cplatform_write_all(int fd, const void *bytes, size_t byte_count) {
    const char *next = bytes;
    while (byte_count > 0) {
        ssize_t written = write(fd, next, byte_count);
        if (written < 0) {
            if (errno == EINTR) continue;
            return -1;
        }
        next += written;
        byte_count -= (size_t)written;
    }
    return 0;
}

void cplatform_start_writeback(int fd, int64_t offset, int64_t byte_count) {
#if defined(__linux__)
    // What fails here is told by the fsync(2) that follows.
    sync_file_range(fd, offset, byte_count, SYNC_FILE_RANGE_WRITE);
#else
    (void)fd;
    (void)offset;
    (void)byte_count;
#endif
}

int64_t cplatform_read_at(int fd, void *bytes, size_t byte_count, int64_t offset) {
    for (;;) {
        ssize_t count = pread(fd, bytes, byte_count, (off_t)offset);
        if (count >= 0 || errno != EINTR) return count;
    }
}

int cplatform_poll_two(int first_fd, int second_fd, int64_t timeout_nanoseconds) {
#if defined(__linux__)
    struct pollfd descriptors[2] = {{first_fd, POLLIN, 0}, {second_fd, POLLIN, 0}};
    struct timespec timeout = {timeout_nanoseconds / 1000000000, timeout_nanoseconds % 1000000000};
    int count = ppoll(descriptors, 2, &timeout, (void *)0);
    if (count < 0) return errno == EINTR ? 0 : -1;
    return (descriptors[0].revents != 0 ? 1 : 0) | (descriptors[1].revents != 0 ? 2 : 0);
#else
    (void)first_fd;
    (void)second_fd;
    (void)timeout_nanoseconds;
    errno = ENOSYS;
    return -1;
#endif
}

void cplatform_line_buffer_output(void) {
    setvbuf(stdout, (char *)0, _IOLBF, 0);
}

void cplatform_set_exact_timers(void) {
#if defined(__linux__)
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
#endif
}

int cplatform_set_nice(int value) {
    return setpriority(PRIO_PROCESS, 0, value);
}

int cplatform_set_affinity(const int *cpus, size_t count) {
#if defined(__linux__)
    cpu_set_t set;
    CPU_ZERO(&set);
    for (size_t i = 0; i < count; i++) {
        if (cpus[i] < 0 || cpus[i] >= CPU_SETSIZE) {
            errno = EINVAL;
            return -1;
        }
        CPU_SET(cpus[i], &set);
    }
    return sched_setaffinity(0, sizeof set, &set);
#else
    (void)cpus;
    (void)count;
    errno = ENOSYS;
    return -1;
#endif
}

int cplatform_limit_descriptors(int64_t count) {
    struct rlimit limit = {(rlim_t)count, (rlim_t)count};
    return setrlimit(RLIMIT_NOFILE, &limit);
}

int cplatform_limit_core(int64_t byte_count) {
    struct rlimit limit = {(rlim_t)byte_count, (rlim_t)byte_count};
    return setrlimit(RLIMIT_CORE, &limit);
}

void cplatform_raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
#if defined(__APPLE__)
    rlim_t wanted = limit.rlim_max < OPEN_MAX ? limit.rlim_max : OPEN_MAX;
#else
    rlim_t wanted = limit.rlim_max;
#endif
    if (limit.rlim_cur >= wanted) return;
    limit.rlim_cur = wanted;
    setrlimit(RLIMIT_NOFILE, &limit);
}

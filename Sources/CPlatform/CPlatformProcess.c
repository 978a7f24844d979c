#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "CPlatformProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#endif

int cplatform_spawn_close_from(posix_spawn_file_actions_t *actions, int first) {
#if defined(__GLIBC__) && defined(__GLIBC_PREREQ)
#if __GLIBC_PREREQ(2, 34)
    return posix_spawn_file_actions_addclosefrom_np(actions, first);
#endif
#endif
    (void)actions;
    (void)first;
    return ENOSYS;
}

int cplatform_spawn_session_flag(void) {
    return POSIX_SPAWN_SETSID;
}

int cplatform_pidfd_send_signal_group(int pidfd, int signal_number) {
#if defined(__linux__)
    const unsigned int process_group = 1u << 2; /* PIDFD_SIGNAL_PROCESS_GROUP, missing in older headers */
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal_number, (void *)0, process_group);
#else
    (void)pidfd;
    (void)signal_number;
    errno = ENOSYS;
    return -1;
#endif
}

#if defined(__linux__)
/* struct pidfd_info of linux/pidfd.h, first version, which older headers lack. */
struct cplatform_pidfd_info {
    uint64_t mask;
    uint64_t cgroup_id;
    uint32_t ids[11];
    int32_t exit_code;
};
#endif

int cplatform_pidfd_exit_status(int pidfd, int *wait_status) {
#if defined(__linux__)
    const uint64_t exit_information = 1u << 3; /* PIDFD_INFO_EXIT */
    struct cplatform_pidfd_info information = {.mask = exit_information};
    if (ioctl(pidfd, _IOWR(0xFF, 11, struct cplatform_pidfd_info), &information) != 0) return -1;
    if ((information.mask & exit_information) == 0) {
        errno = ENODATA;
        return -1;
    }
    *wait_status = information.exit_code;
    return 0;
#else
    (void)pidfd;
    (void)wait_status;
    errno = ENOSYS;
    return -1;
#endif
}

int cplatform_duplicate(int fd, int minimum) {
    return fcntl(fd, F_DUPFD_CLOEXEC, minimum);
}

int cplatform_lock_exclusively(int fd) {
    return flock(fd, LOCK_EX | LOCK_NB);
}

#if defined(__linux__)

int cplatform_epoll_create(void) {
    return epoll_create1(EPOLL_CLOEXEC);
}

int cplatform_epoll_add(int epoll_fd, int fd, uint64_t key) {
    struct epoll_event event = {.events = EPOLLIN, .data = {.u64 = key}};
    return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

int cplatform_epoll_remove(int epoll_fd, int fd) {
    struct epoll_event event = {0};
    return epoll_ctl(epoll_fd, EPOLL_CTL_DEL, fd, &event);
}

int cplatform_epoll_wait(int epoll_fd, uint64_t *keys, int capacity) {
    struct epoll_event events[64];
    int count = epoll_wait(epoll_fd, events, capacity < 64 ? capacity : 64, -1);
    for (int i = 0; i < count; i++) keys[i] = events[i].data.u64;
    return count;
}

int cplatform_eventfd(void) {
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

#else

int cplatform_epoll_create(void) {
    errno = ENOSYS;
    return -1;
}

int cplatform_epoll_add(int epoll_fd, int fd, uint64_t key) {
    (void)epoll_fd;
    (void)fd;
    (void)key;
    errno = ENOSYS;
    return -1;
}

int cplatform_epoll_remove(int epoll_fd, int fd) {
    (void)epoll_fd;
    (void)fd;
    errno = ENOSYS;
    return -1;
}

int cplatform_epoll_wait(int epoll_fd, uint64_t *keys, int capacity) {
    (void)epoll_fd;
    (void)keys;
    (void)capacity;
    errno = ENOSYS;
    return -1;
}

int cplatform_eventfd(void) {
    errno = ENOSYS;
    return -1;
}

#endif

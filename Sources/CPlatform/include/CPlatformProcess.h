/// System calls of process supervision that Swift cannot reach by itself.
#ifndef CPLATFORM_PROCESS_H
#define CPLATFORM_PROCESS_H

#include <spawn.h>
#include <stdint.h>
#include <sys/types.h>

/// Makes the spawned process close every descriptor from `first` on; ENOSYS where the libc cannot, else an error number.
int cplatform_spawn_close_from(posix_spawn_file_actions_t *actions, int first);

/// POSIX_SPAWN_SETSID, which some headers hide: the spawned process leads a session and a group of its own.
int cplatform_spawn_session_flag(void);

/// pidfd_send_signal(2) with PIDFD_SIGNAL_PROCESS_GROUP (Linux 6.9): the whole group that the process leads; -1 and errno
/// (EINVAL on an older kernel, ENOSYS elsewhere).
int cplatform_pidfd_send_signal_group(int pidfd, int signal_number);

/// ioctl(2) PIDFD_GET_INFO with PIDFD_INFO_EXIT (Linux 6.15): the status word, as of waitpid(2), of a process that has
/// ended and was reaped by whoever is its parent; -1 and errno (ENODATA when it was not reaped yet, EINVAL or ENOTTY
/// on an older kernel, ENOSYS elsewhere).
int cplatform_pidfd_exit_status(int pidfd, int *wait_status);

/// fcntl(F_DUPFD_CLOEXEC): a copy of a descriptor, numbered `minimum` or above; -1 and errno.
int cplatform_duplicate(int fd, int minimum);

/// flock(2) with LOCK_EX | LOCK_NB; 0, or -1 and errno (EWOULDBLOCK when somebody else holds it).
int cplatform_lock_exclusively(int fd);

/// epoll_create1(2), close-on-exec; -1 and errno (ENOSYS on macOS).
int cplatform_epoll_create(void);

/// epoll_ctl(2) EPOLL_CTL_ADD for reading, with a key of the caller's; -1 and errno.
int cplatform_epoll_add(int epoll_fd, int fd, uint64_t key);

/// epoll_ctl(2) EPOLL_CTL_DEL; -1 and errno.
int cplatform_epoll_remove(int epoll_fd, int fd);

/// epoll_wait(2) without a time limit: the number of keys written, at most 64 and `capacity`; -1 and errno.
int cplatform_epoll_wait(int epoll_fd, uint64_t *keys, int capacity);

/// eventfd(2), close-on-exec and non-blocking; -1 and errno (ENOSYS on macOS).
int cplatform_eventfd(void);

#endif

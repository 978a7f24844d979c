/// System calls that Swift cannot reach by itself: variadic ones, macros, and calls without a libc wrapper.
#ifndef CPLATFORM_H
#define CPLATFORM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "CPlatformProcess.h"

/// The user id of the process at the other end of a Unix socket (SO_PEERCRED, getpeereid); -1 and errno on failure.
int64_t cplatform_peer_user_id(int socket_fd);

/// The process id at the other end of a Unix socket; -1 where the system does not say.
int64_t cplatform_peer_process_id(int socket_fd);

/// pidfd_open(2): a descriptor that becomes readable when the process ends; -1 and errno (ENOSYS on macOS).
int cplatform_pidfd_open(pid_t pid);

/// pidfd_send_signal(2): signals exactly the process the descriptor was opened for; -1 and errno.
int cplatform_pidfd_send_signal(int pidfd, int signal_number);

/// open(2) with O_CREAT and a mode, close-on-exec always; -1 and errno.
int cplatform_open(const char *path, int flags, mode_t mode);

/// fcntl(F_SETFD, FD_CLOEXEC) on or off; -1 and errno.
int cplatform_set_close_on_exec(int fd, int is_on);

/// fcntl(F_SETFL) O_NONBLOCK on or off; -1 and errno.
int cplatform_set_nonblocking(int fd, int is_on);

/// prctl(2) PR_SET_TIMERSLACK: timers of the calling thread end when they are due instead of up to 50 us later.
void cplatform_set_exact_timers(void);

/// setrlimit(2): as many open descriptors as the hard limit allows; a manager needs two per strategy. Without effect
/// where that is refused.
void cplatform_raise_descriptor_limit(void);

/// setpriority(2) of this process; 0, or -1 and errno.
int cplatform_set_nice(int value);

/// sched_setaffinity(2) of this thread and those it makes later; 0, or -1 and errno (ENOSYS on macOS).
int cplatform_set_affinity(const int *cpus, size_t count);

/// setrlimit(2) RLIMIT_NOFILE, soft and hard; 0, or -1 and errno.
int cplatform_limit_descriptors(int64_t count);

/// setrlimit(2) RLIMIT_CORE, soft and hard; 0, or -1 and errno.
int cplatform_limit_core(int64_t byte_count);

/// setvbuf(3): lines of standard output appear as they are complete, also in a pipe.
void cplatform_line_buffer_output(void);

/// write(2) until everything is written, EINTR retried; -1 and errno on failure, with a part perhaps written.
int cplatform_write_all(int fd, const void *bytes, size_t byte_count);

/// sendmsg(2) of two pieces (the second may be empty) on a non-blocking socket, without SIGPIPE, EINTR retried; the bytes
/// taken, -1 and errno (EAGAIN when the socket takes nothing).
int64_t cplatform_send_two(
    int fd, const void *first, size_t first_count, const void *second, size_t second_count);

/// sync_file_range(2): the system begins to write these bytes of a file to the disk. A hint, without effect on macOS.
void cplatform_start_writeback(int fd, int64_t offset, int64_t byte_count);

/// pread(2), EINTR retried; the bytes read, 0 at the end of the file, -1 and errno on failure.
int64_t cplatform_read_at(int fd, void *bytes, size_t byte_count, int64_t offset);

/// ppoll(2) for readability of two descriptors (negative ones are ignored) with a timeout in nanoseconds: bit 0 and
/// bit 1 say which are readable, 0 that none is or a signal came; -1 and errno (ENOSYS on macOS).
int cplatform_poll_two(int first_fd, int second_fd, int64_t timeout_nanoseconds);

/// Whether this processor has an instruction for CRC-32C.
int cplatform_crc32c_has_instruction(void);

/// Steps four CRC-32C registers, each over its own lane of four adjacent ones; only on a processor that has the
/// instruction. The byte count of a lane is a multiple of eight.
void cplatform_crc32c_four_lanes(const void *start, size_t lane_byte_count, uint32_t registers[4]);

#endif

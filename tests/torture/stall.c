/*
 * Preloaded into a process, it makes a disk of it that is slow, or that hangs.
 *
 * STALL_PATH   a part of a path; what is written to such files, or synced of them, takes longer
 * STALL_MS     how much longer each time
 * STALL_WHILE  a file; while it is there, none of it ends
 */
#define _GNU_SOURCE
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static const char *part, *hangs;
static long each_ms;

__attribute__((constructor)) static void begin(void) {
    const char *each = getenv("STALL_MS");
    part = getenv("STALL_PATH");
    hangs = getenv("STALL_WHILE");
    each_ms = each ? atol(each) : 0;
}

static void sleep_ms(long ms) {
    struct timespec left = {ms / 1000, ms % 1000 * 1000000};
    while (nanosleep(&left, &left)) {}
}

static void stall(int fd) {
    char link[64], path[PATH_MAX];
    if (!part) return;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t bytes = readlink(link, path, sizeof path - 1);
    if (bytes < 0) return;
    path[bytes] = 0;
    if (!strstr(path, part)) return;
    if (each_ms) sleep_ms(each_ms);
    while (hangs && syscall(SYS_faccessat, -100, hangs, 0) == 0) sleep_ms(5);
}

ssize_t write(int fd, const void *from, size_t bytes) {
    stall(fd);
    return syscall(SYS_write, fd, from, bytes);
}
ssize_t pwrite64(int fd, const void *from, size_t bytes, int64_t offset) {
    stall(fd);
    return syscall(SYS_pwrite64, fd, from, bytes, offset);
}
ssize_t pwrite(int fd, const void *from, size_t bytes, off_t offset) { return pwrite64(fd, from, bytes, offset); }
ssize_t writev(int fd, const struct iovec *parts, int count) {
    stall(fd);
    return syscall(SYS_writev, fd, parts, count);
}
int fsync(int fd) { stall(fd); return (int)syscall(SYS_fsync, fd); }
int fdatasync(int fd) { stall(fd); return (int)syscall(SYS_fdatasync, fd); }

/*
 * Preloaded into a process, it writes down in order what the process asks of the disk below one
 * folder: what is written, created, renamed, deleted, and when each sync begins and ends.
 *
 * TORTURE_LOG    the file that takes the record; several processes may share it
 * TORTURE_ROOT   the folder; only what lies below it is recorded
 * TORTURE_DROP   a part of a path: syncs of such files are said to have been done and are not
 *
 * sync_file_range is left alone: it promises nothing.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
/* The names below are defined here, so their headers must not give them other shapes. */
#include <linux/fcntl.h>
#include <linux/stat.h>
#ifndef AT_FDCWD
#define AT_FDCWD -100
#endif
#define O_CREAT_FLAG 0100
#define O_TRUNC_FLAG 01000

enum { WRITE = 1, SET_LEN, CREATE, MKDIR, RENAME, REMOVE, SYNC_BEGIN, SYNC_END };

struct head { uint32_t kind, bytes; uint64_t at_ns, file, offset, id; };

struct known { uint64_t file; uint64_t dev, size; unsigned mode; };

static int log_fd = -1;
static char root[PATH_MAX];
static size_t root_bytes;
static const char *drop;
static uint64_t syncs;

__attribute__((constructor)) static void begin(void) {
    const char *log = getenv("TORTURE_LOG"), *below = getenv("TORTURE_ROOT");
    drop = getenv("TORTURE_DROP");
    if (!log || !below) return;
    snprintf(root, sizeof root, "%s", below);
    root_bytes = strlen(root);
    /* 02001: append, write only; 02000000: closed in children. */
    log_fd = (int)syscall(SYS_openat, AT_FDCWD, log, 02001 | O_CREAT_FLAG | 02000000, 0600);
}

static uint64_t now_ns(void) {
    struct timespec at;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &at);
    return (uint64_t)at.tv_sec * 1000000000u + (uint64_t)at.tv_nsec;
}

static void note(struct head head, const struct iovec *parts, int count, size_t bytes) {
    struct iovec all[1 + 64];
    int kept = 1;
    head.bytes = (uint32_t)bytes;
    head.at_ns = now_ns();
    all[0] = (struct iovec){&head, sizeof head};
    for (int i = 0; i < count && bytes > 0 && kept < 65; i++) {
        size_t part = parts[i].iov_len < bytes ? parts[i].iov_len : bytes;
        all[kept++] = (struct iovec){parts[i].iov_base, part};
        bytes -= part;
    }
    int saved = errno;
    if (bytes > 0 || syscall(SYS_writev, log_fd, all, kept) < (long)sizeof head) abort();
    errno = saved;
}

/* What the kernel knows of a file; 0 if it is neither a file nor a folder. */
static int look(int dir, const char *path, int flags, struct known *found) {
    struct statx st;
    int saved = errno;
    long failed = syscall(SYS_statx, dir, path, flags, STATX_BASIC_STATS, &st);
    errno = saved;
    if (failed) return 0;
    *found = (struct known){st.stx_ino, ((uint64_t)st.stx_dev_major << 32) | st.stx_dev_minor, st.stx_size, st.stx_mode & 0170000};
    return found->mode == 0100000 || found->mode == 0040000;
}

static int is_recorded(int fd, struct known *found) {
    static uint64_t dev;
    struct known home;
    if (log_fd < 0 || !look(fd, "", AT_EMPTY_PATH, found)) return 0;
    if (!dev && look(AT_FDCWD, root, 0, &home)) dev = home.dev;
    return found->dev == dev;
}

/* The whole path below the root, or 0. */
static int whole(int dir, const char *path, char *into) {
    if (log_fd < 0) return 0;
    if (path[0] == '/') {
        snprintf(into, PATH_MAX, "%s", path);
    } else {
        char link[64], folder[PATH_MAX];
        if (dir == AT_FDCWD) snprintf(link, sizeof link, "/proc/self/cwd");
        else snprintf(link, sizeof link, "/proc/self/fd/%d", dir);
        ssize_t bytes = readlink(link, folder, sizeof folder - 1);
        if (bytes < 0) return 0;
        folder[bytes] = 0;
        if ((size_t)snprintf(into, PATH_MAX, "%s/%s", folder, path) >= PATH_MAX) return 0;
    }
    return strncmp(into, root, root_bytes) == 0 && into[root_bytes] == '/';
}

static void note_path(uint32_t kind, uint64_t file, const char *path) {
    struct iovec part = {(void *)path, strlen(path)};
    note((struct head){.kind = kind, .file = file}, &part, 1, part.iov_len);
}

static int opened(int dir, const char *path, int flags, unsigned mode) {
    char name[PATH_MAX];
    struct known found;
    int mine = (flags & (O_CREAT_FLAG | O_TRUNC_FLAG)) && whole(dir, path, name);
    int was_there = mine && look(AT_FDCWD, name, 0, &found);
    long fd = syscall(SYS_openat, dir, path, flags, mode);
    if (fd >= 0 && mine && look((int)fd, "", AT_EMPTY_PATH, &found)) {
        if (!was_there) note_path(CREATE, found.file, name);
        else if (flags & O_TRUNC_FLAG) note((struct head){.kind = SET_LEN, .file = found.file}, 0, 0, 0);
    }
    return (int)fd;
}

#define MODE(flags) \
    va_list more; \
    va_start(more, flags); \
    unsigned mode = (flags) & O_CREAT_FLAG ? va_arg(more, unsigned) : 0; \
    va_end(more)

int open(const char *path, int flags, ...) { MODE(flags); return opened(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags); return opened(AT_FDCWD, path, flags, mode); }
int openat(int dir, const char *path, int flags, ...) { MODE(flags); return opened(dir, path, flags, mode); }
int openat64(int dir, const char *path, int flags, ...) { MODE(flags); return opened(dir, path, flags, mode); }
int creat(const char *path, unsigned mode) { return opened(AT_FDCWD, path, 01 | O_CREAT_FLAG | O_TRUNC_FLAG, mode); }
int creat64(const char *path, unsigned mode) { return creat(path, mode); }

static void wrote(int fd, const struct iovec *parts, int count, ssize_t bytes, int64_t offset) {
    struct known found;
    if (bytes <= 0 || fd == log_fd || !is_recorded(fd, &found)) return;
    if (offset < 0) offset = lseek(fd, 0, SEEK_CUR) - bytes;
    note((struct head){.kind = WRITE, .file = found.file, .offset = (uint64_t)offset}, parts, count, (size_t)bytes);
}

ssize_t write(int fd, const void *from, size_t bytes) {
    ssize_t done = syscall(SYS_write, fd, from, bytes);
    struct iovec part = {(void *)from, bytes};
    wrote(fd, &part, 1, done, -1);
    return done;
}
ssize_t pwrite64(int fd, const void *from, size_t bytes, int64_t offset) {
    ssize_t done = syscall(SYS_pwrite64, fd, from, bytes, offset);
    struct iovec part = {(void *)from, bytes};
    wrote(fd, &part, 1, done, offset);
    return done;
}
ssize_t pwrite(int fd, const void *from, size_t bytes, off_t offset) { return pwrite64(fd, from, bytes, offset); }
ssize_t writev(int fd, const struct iovec *parts, int count) {
    ssize_t done = syscall(SYS_writev, fd, parts, count);
    wrote(fd, parts, count, done, -1);
    return done;
}
ssize_t pwritev64(int fd, const struct iovec *parts, int count, int64_t offset) {
    ssize_t done = syscall(SYS_pwritev, fd, parts, count, offset, 0);
    wrote(fd, parts, count, done, offset);
    return done;
}
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) { return pwritev64(fd, parts, count, offset); }

static int set_len(int fd, uint64_t bytes) {
    struct known found;
    if (is_recorded(fd, &found)) note((struct head){.kind = SET_LEN, .file = found.file, .offset = bytes}, 0, 0, 0);
    return 0;
}
int ftruncate64(int fd, int64_t bytes) {
    long failed = syscall(SYS_ftruncate, fd, bytes);
    return failed ? (int)failed : set_len(fd, (uint64_t)bytes);
}
int ftruncate(int fd, off_t bytes) { return ftruncate64(fd, bytes); }
int fallocate64(int fd, int how, int64_t offset, int64_t bytes) {
    struct known found;
    long failed = syscall(SYS_fallocate, fd, how, offset, bytes);
    if (!failed && !(how & 1) && is_recorded(fd, &found)) return set_len(fd, found.size);
    return (int)failed;
}
int fallocate(int fd, int how, off_t offset, off_t bytes) { return fallocate64(fd, how, offset, bytes); }

static int synced(long call, int fd) {
    struct known found;
    if (!is_recorded(fd, &found)) return (int)syscall(call, fd);
    char link[64], path[PATH_MAX] = "";
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (readlink(link, path, sizeof path - 1) < 0) path[0] = 0;
    struct head head = {.kind = SYNC_BEGIN, .file = found.file};
    head.offset = drop && strstr(path, drop) != 0;
    head.id = ((uint64_t)getpid() << 32) | __atomic_add_fetch(&syncs, 1, __ATOMIC_RELAXED);
    note(head, 0, 0, 0);
    long failed = head.offset ? 0 : syscall(call, fd);
    head.kind = SYNC_END;
    if (!failed) note(head, 0, 0, 0);
    return (int)failed;
}
int fsync(int fd) { return synced(SYS_fsync, fd); }
int fdatasync(int fd) { return synced(SYS_fdatasync, fd); }

static int removed(int dir, const char *path, int flags) {
    char name[PATH_MAX];
    int mine = whole(dir, path, name);
    long failed = syscall(SYS_unlinkat, dir, path, flags);
    if (!failed && mine) note_path(REMOVE, 0, name);
    return (int)failed;
}
int unlink(const char *path) { return removed(AT_FDCWD, path, 0); }
int unlinkat(int dir, const char *path, int flags) { return removed(dir, path, flags); }
int rmdir(const char *path) { return removed(AT_FDCWD, path, AT_REMOVEDIR); }

int mkdirat(int dir, const char *path, unsigned mode) {
    char name[PATH_MAX];
    struct known found;
    int mine = whole(dir, path, name);
    long failed = syscall(SYS_mkdirat, dir, path, mode);
    if (!failed && mine && look(AT_FDCWD, name, 0, &found)) note_path(MKDIR, found.file, name);
    return (int)failed;
}
int mkdir(const char *path, unsigned mode) { return mkdirat(AT_FDCWD, path, mode); }

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags) {
    char names[2 * PATH_MAX], target[PATH_MAX];
    int mine = whole(from_dir, from, names) && whole(to_dir, to, target);
    long failed = syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
    if (!failed && mine) {
        strcat(strcat(names, "\n"), target);
        note_path(RENAME, 0, names);
    }
    return (int)failed;
}
int renameat(int from_dir, const char *from, int to_dir, const char *to) { return renameat2(from_dir, from, to_dir, to, 0); }
int rename(const char *from, const char *to) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0); }

/*
 * Preloaded into a process, it gives it another clock of the wall; the clock that only counts is as
 * it was, so that what waits for a time waits as ever.
 *
 * CLOCK_SHIFT  seconds added to the clock of the wall
 * CLOCK_RATE   how many seconds of the wall pass in one, from the start of the process on
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int64_t shift_ns, rate = 1, began_ns;

static int64_t real_ns(void) {
    struct timespec at;
    syscall(SYS_clock_gettime, CLOCK_REALTIME, &at);
    return (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
}

__attribute__((constructor)) static void begin(void) {
    const char *by = getenv("CLOCK_SHIFT"), *at = getenv("CLOCK_RATE");
    if (by) shift_ns = atoll(by) * 1000000000;
    if (at) rate = atoll(at);
    began_ns = real_ns();
}

int clock_gettime(clockid_t which, struct timespec *at) {
    if (which != CLOCK_REALTIME) return (int)syscall(SYS_clock_gettime, which, at);
    int64_t now = began_ns + (real_ns() - began_ns) * rate + shift_ns;
    *at = (struct timespec){now / 1000000000, now % 1000000000};
    return 0;
}

/*
 * Programs whose use of time and memory is known, to be told of by somebody else.
 *
 *     work time MS      computes until its own CPU clock shows MS ms, and prints that clock in ns
 *     work rounds N     computes a fixed amount
 *     work touch MIB    touches so much memory, once
 *     work disturb      a neighbour: writes through a memory larger than any cache, for ever
 *     work abort | orphan | flood | forbidden     ends badly, or leaves something behind
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <time.h>
#include <unistd.h>

enum { TABLE = 16384, ROUND = 1000, DISTURBED_BYTES = 64 << 20 };

static uint32_t table[TABLE]; /* 64 KiB: more than the first cache, less than the second */

static long cpu_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * 1000000000L + now.tv_nsec;
}

static void compute(long rounds) {
    uint32_t x = 1;
    for (long i = 0; i < rounds * ROUND; i++) {
        x = x * 1664525 + 1013904223;
        table[x >> 18] += x;
    }
}

static void compute_for(long ms) {
    while (cpu_ns() < ms * 1000000) compute(1);
    printf("%ld\n", cpu_ns());
}

static char *memory(size_t bytes) {
    char *start = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED) exit(1);
    return start;
}

static void touch(size_t bytes) {
    volatile char *start = memory(bytes);
    for (size_t at = 0; at < bytes; at += 4096) start[at] = 1;
}

static void disturb(void) {
    char *start = memory(DISTURBED_BYTES);
    for (int byte = 0;; byte++) memset(start, byte, DISTURBED_BYTES);
}

static void orphan(void) {
    if (fork() == 0) {
        setsid();
        pause();
    }
}

static void flood(void) {
    static char block[65536];
    int file = open("flood", O_WRONLY | O_CREAT, 0600);
    while (write(file, block, sizeof block) > 0) {}
    exit(1);
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    long number = argc > 2 ? atol(argv[2]) : 0;
    if (strcmp(what, "time") == 0) compute_for(number);
    else if (strcmp(what, "rounds") == 0) compute(number);
    else if (strcmp(what, "touch") == 0) touch((size_t)number << 20);
    else if (strcmp(what, "disturb") == 0) disturb();
    else if (strcmp(what, "abort") == 0) abort();
    else if (strcmp(what, "orphan") == 0) orphan();
    else if (strcmp(what, "flood") == 0) flood();
    else if (strcmp(what, "forbidden") == 0) ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    else return 2;
    return 0;
}

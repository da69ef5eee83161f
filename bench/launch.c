/*
 * One sample per byte on stdin: launches a program, waits for its end, and prints the nanoseconds.
 *
 *     launch spawn ARGV...            vfork, exec and wait
 *     launch serve SOCKET PROGRAM     one run in a slot of `safeexec --serve`
 *
 * In C, so that both sides are measured without an interpreter's own time.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static void die(const char *what) {
    perror(what);
    exit(1);
}

static long now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000L + now.tv_nsec;
}

/* glibc's posix_spawn is clone(CLONE_VM|CLONE_VFORK) and exec. */
static void launch_plainly(char **argv) {
    posix_spawn_file_actions_t files;
    pid_t child;
    int status;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDWR, 0);
    posix_spawn_file_actions_adddup2(&files, 0, 1);
    if (posix_spawnp(&child, argv[0], &files, NULL, argv, environ) != 0) die(argv[0]);
    if (waitpid(child, &status, 0) != child || status != 0) die("the program failed");
    posix_spawn_file_actions_destroy(&files);
}

static int connect_to(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char greeting[256];
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) die(path);
    if (recv(fd, greeting, sizeof greeting, 0) <= 0) die("no greeting");
    return fd;
}

/* Takes the answer and drops the box's folder that comes with it. */
static void take_answer(int fd) {
    char answer[65536];
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec data = {answer, sizeof answer};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1,
                             .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    if (got <= 0) die("no answer");
    if (strncmp(answer, "outcome=exited", 15) != 0) {
        fprintf(stderr, "launch: %s\n", answer);
        exit(1);
    }
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header != NULL) close(*(int *)CMSG_DATA(header));
}

static void launch_in_slot(int fd, const int files[4]) {
    static const char request[] =
        "run\0cpu_ms=1000\0wall_ms=4000\0memory_kib=65536\0stack_kib=8192\0output_kib=1024\0"
        "processes=1\0arg=/box/true\0file=x:true";
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(4 * sizeof(int))];
    } control;
    struct iovec data = {(void *)request, sizeof request};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1,
                             .msg_control = &control, .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(4 * sizeof(int));
    memcpy(CMSG_DATA(header), files, 4 * sizeof(int));
    if (sendmsg(fd, &message, 0) < 0) die("sendmsg");
    take_answer(fd);
}

int main(int argc, char **argv) {
    char byte;
    if (argc < 3) return 2;
    int serve = strcmp(argv[1], "serve") == 0;
    int fd = serve ? connect_to(argv[2]) : -1;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int program = serve ? open(argv[3], O_RDONLY | O_CLOEXEC) : -1;
    int files[4] = {null, null, null, program};
    while (read(0, &byte, 1) == 1) {
        long start = now_ns();
        if (serve)
            launch_in_slot(fd, files);
        else
            launch_plainly(argv + 2);
        printf("%ld\n", now_ns() - start);
        fflush(stdout);
    }
    return 0;
}

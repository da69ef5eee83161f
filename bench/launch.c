/*
 * One sample per line on stdin, which says how often: launches a program and waits for its end, so
 * many times without a pause, and prints the nanoseconds of all.
 *
 *     launch spawn ARGV...            vfork, exec and wait
 *     launch box SOCKET PROGRAM       a run in a slot of `safeexec --serve`, of a file that is sent
 *     launch root SOCKET PROGRAM      the same, of a file that the slot's root has already
 *
 * In C, so that all sides are measured without an interpreter's own time.
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

struct request {
    char text[512];
    size_t size;
    int files[4]; /* three standard streams; the program, if it is sent */
    size_t file_count;
};

static void request_add(struct request *request, const char *key, const char *value) {
    char *end = request->text + request->size;
    size_t room = sizeof request->text - request->size;
    int length = snprintf(end, room, "%s%s", key, value);
    if (length < 0 || (size_t)length >= room) die("the program's path is too long");
    request->size += (size_t)length + 1;
}

static struct request request_make(const char *program, int sent) {
    static const char *const fields[] = {"run", "cpu_ms=1000", "wall_ms=4000", "memory_kib=65536",
                                         "stack_kib=8192", "output_kib=1024", "processes=1"};
    struct request request = {.file_count = sent ? 4 : 3};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) request_add(&request, fields[i], "");
    request_add(&request, "arg=", sent ? "./program" : program);
    if (sent) request_add(&request, "file=x:program", "");
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int i = 0; i < 3; i++) request.files[i] = null;
    request.files[3] = sent ? open(program, O_RDONLY | O_CLOEXEC) : -1;
    if (null < 0 || (sent && request.files[3] < 0)) die(program);
    return request;
}

static void launch_in_slot(int fd, const struct request *request) {
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(4 * sizeof(int))];
    } control = {.space = {0}};
    size_t bytes = request->file_count * sizeof(int);
    struct iovec data = {(void *)request->text, request->size};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1,
                             .msg_control = &control, .msg_controllen = CMSG_SPACE(bytes)};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(bytes);
    memcpy(CMSG_DATA(header), request->files, bytes);
    if (sendmsg(fd, &message, 0) < 0) die("sendmsg");
    take_answer(fd);
}

static void samples_print(int fd, const struct request *request, char **argv) {
    char line[32];
    while (fgets(line, sizeof line, stdin)) {
        long count = atol(line), start = now_ns();
        for (long i = 0; i < count; i++)
            if (fd >= 0)
                launch_in_slot(fd, request);
            else
                launch_plainly(argv);
        printf("%ld\n", now_ns() - start);
        fflush(stdout);
    }
}

int main(int argc, char **argv) {
    if (argc < 3) return 2;
    if (strcmp(argv[1], "spawn") == 0) {
        samples_print(-1, NULL, argv + 2);
        return 0;
    }
    if (argc != 4) return 2;
    struct request request = request_make(argv[3], strcmp(argv[1], "box") == 0);
    samples_print(connect_to(argv[2]), &request, NULL);
    return 0;
}

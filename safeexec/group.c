/* The groups and files of a cgroup hierarchy, whichever version it is. */
#include "safeexec.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

const char *const v1_controllers[CONTROLLERS] = {"memory", "pids", "cpuacct"};

ssize_t text_read(int fd, char *buffer, size_t size)
{
    ssize_t length = fd < 0 ? -1 : pread(fd, buffer, size - 1, 0);
    buffer[length < 0 ? 0 : length] = 0;
    return length;
}

uint64_t text_value(const char *text, const char *key)
{
    size_t length = strlen(key);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        const char *rest = strncmp(line, key, length) == 0 ? line + length : "";
        if (*rest == ' ')
            return strtoull(rest + 1, NULL, 10);
    }
    return 0;
}

uint64_t number_read(int fd)
{
    char text[32];
    text_read(fd, text, sizeof text);
    return strtoull(text, NULL, 10);
}

int number_write(int fd, int64_t value)
{
    char text[32];
    int length = snprintf(text, sizeof text, "%lld", (long long)value);
    return pwrite(fd, text, (size_t)length, 0) == length ? 0 : -1;
}

int group_write(int folder, const char *name, const char *text)
{
    int fd = openat(folder, name, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t written = write(fd, text, strlen(text));
    close(fd);
    return written < 0 ? -1 : 0;
}

int group_at(int parent, const char *path)
{
    return openat(parent, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int group_open(int parent, const char *name, struct fault *fault)
{
    if (mkdirat(parent, name, 0755) < 0 && errno != EEXIST)
        return fault_set(fault, "mkdir cgroup %s: %s", name, strerror(errno));
    int folder = group_at(parent, name);
    return folder < 0 ? fault_set(fault, "open cgroup %s: %s", name, strerror(errno)) : folder;
}

void group_kill(int folder, pid_t spared)
{
    if (!spared && group_write(folder, "cgroup.kill", "1") == 0)
        return; /* Linux 5.14: all at once */
    int list = openat(folder, "cgroup.procs", O_RDONLY | O_CLOEXEC);
    FILE *stream = list < 0 ? NULL : fdopen(list, "r");
    int pid;
    while (stream && fscanf(stream, "%d", &pid) == 1)
        if (pid > 0 && pid != spared)
            kill(pid, SIGKILL);
    if (stream)
        fclose(stream);
}

void group_remove(int parent, const char *name)
{
    for (int attempt = 0; attempt < 200; attempt++) {
        if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
            return;
        int folder = group_at(parent, name);
        if (folder < 0)
            return;
        group_kill(folder, 0);
        close(folder);
        nanosleep(&(struct timespec){.tv_nsec = 5 * NS_PER_MS}, NULL);
    }
    warn("cgroup %s could not be removed: %s", name, strerror(errno));
}

/* The parser of requests: the one door through which an unprivileged process talks to us. */
#include "safeexec.h"

#include <string.h>

enum { PATH_MAX_BYTES = 1024, NAME_MAX_BYTES = 255 };

static int parse_number(uint64_t *target, const char *text, uint64_t min, uint64_t max)
{
    uint64_t value = 0;
    if (!*text)
        return -1;
    for (const char *p = text; *p; p++) {
        if (*p < '0' || *p > '9' || value > max)
            return -1;
        value = value * 10 + (uint64_t)(*p - '0');
    }
    if (value < min || value > max)
        return -1;
    *target = value;
    return 0;
}

struct number_key {
    const char *name;
    size_t offset; /* in struct limits */
    uint64_t min, max;
};

static const struct number_key number_keys[] = {
    {"cpu_ms", offsetof(struct limits, cpu_ms), 1, 3600000},
    {"wall_ms", offsetof(struct limits, wall_ms), 1, 7200000},
    {"memory_kib", offsetof(struct limits, memory_kib), 1024, 1024ull * 1024 * 1024},
    {"stack_kib", offsetof(struct limits, stack_kib), 1, 1024ull * 1024 * 1024},
    {"output_kib", offsetof(struct limits, output_kib), 0, 1024ull * 1024 * 1024},
    {"processes", offsetof(struct limits, processes), 1, 4096},
    {"open_files", offsetof(struct limits, open_files), 3, 65536},
};
enum { NUMBER_KEYS = sizeof number_keys / sizeof *number_keys, SEEN_PROFILE = 1 << NUMBER_KEYS };

/* Relative, no empty, "." or ".." component: such a path cannot leave the folder it starts in. */
static bool path_is_safe(const char *path)
{
    if (!*path || strlen(path) > PATH_MAX_BYTES)
        return false;
    for (const char *part = path;; part++) {
        size_t length = strcspn(part, "/");
        if (length == 0 || length > NAME_MAX_BYTES)
            return false;
        if (part[0] == '.' && (length == 1 || (length == 2 && part[1] == '.')))
            return false;
        part += length;
        if (!*part)
            return true;
    }
}

static int parse_file(struct request *request, const char *value, struct fault *fault)
{
    mode_t mode = value[0] == 'r' ? 0444 : value[0] == 'x' ? 0555 : value[0] == 'w' ? 0666 : 0;
    if (!mode || value[1] != ':' || !path_is_safe(value + 2))
        return fault_set(fault, "file: r:PATH, x:PATH or w:PATH with a relative path is wanted");
    if (request->filec == REQUEST_MAX_FILES)
        return fault_set(fault, "file: more than %d", REQUEST_MAX_FILES);
    request->files[request->filec++] = (struct request_file){value + 2, mode};
    return 0;
}

static int parse_profile(struct request *request, const char *value, struct fault *fault)
{
    if (strcmp(value, "run") == 0)
        request->profile = PROFILE_RUN;
    else if (strcmp(value, "compile") == 0)
        request->profile = PROFILE_COMPILE;
    else
        return fault_set(fault, "profile: run or compile is wanted");
    return 0;
}

static int append(char **list, size_t *count, size_t max, char *value, const char *key, struct fault *fault)
{
    if (*count == max)
        return fault_set(fault, "%s: more than %zu", key, max);
    list[(*count)++] = value;
    return 0;
}

static int parse_pair(struct request *request, unsigned *seen, char *pair, struct fault *fault)
{
    char *equals = strchr(pair, '=');
    if (!equals)
        return fault_set(fault, "key=value is wanted, not '%.40s'", pair);
    *equals = 0;
    char *value = equals + 1;
    for (unsigned i = 0; i < NUMBER_KEYS; i++)
        if (strcmp(pair, number_keys[i].name) == 0) {
            uint64_t *target = (uint64_t *)(void *)((char *)&request->limits + number_keys[i].offset);
            if (*seen & 1u << i)
                return fault_set(fault, "%s stands twice", pair);
            *seen |= 1u << i;
            if (parse_number(target, value, number_keys[i].min, number_keys[i].max) == 0)
                return 0;
            return fault_set(fault, "%s: a number from %llu to %llu is wanted", pair,
                             (unsigned long long)number_keys[i].min, (unsigned long long)number_keys[i].max);
        }
    if (strcmp(pair, "arg") == 0)
        return append(request->argv, &request->argc, REQUEST_MAX_ARGS, value, pair, fault);
    if (strcmp(pair, "env") == 0)
        return append(request->env, &request->envc, REQUEST_MAX_ENV, value, pair, fault);
    if (strcmp(pair, "file") == 0)
        return parse_file(request, value, fault);
    if (strcmp(pair, "profile") == 0 && !(*seen & SEEN_PROFILE)) {
        *seen |= SEEN_PROFILE;
        return parse_profile(request, value, fault);
    }
    return fault_set(fault, "unknown key, or one that stands twice: '%.40s'", pair);
}

static int check_complete(const struct request *request, unsigned seen, struct fault *fault)
{
    for (unsigned i = 0; i < NUMBER_KEYS; i++)
        if (!(seen & 1u << i) && strcmp(number_keys[i].name, "open_files") != 0)
            return fault_set(fault, "%s is missing", number_keys[i].name);
    if (request->argc == 0 || (request->argv[0][0] != '/' && strncmp(request->argv[0], "./", 2) != 0))
        return fault_set(fault, "arg: the program's path is wanted first, absolute or ./ in the box");
    return 0;
}

int request_parse(struct request *request, char *packet, size_t size, struct fault *fault)
{
    *request = (struct request){.limits.open_files = 1024};
    unsigned seen = 0;
    if (size == 0 || packet[size - 1])
        return fault_set(fault, "a request is made of NUL-terminated strings");
    if (strcmp(packet, "run") != 0)
        return fault_set(fault, "unknown request '%.40s'", packet);
    for (char *pair = packet + strlen(packet) + 1; pair < packet + size;) {
        char *next = pair + strlen(pair) + 1;
        if (parse_pair(request, &seen, pair, fault) < 0)
            return -1;
        pair = next;
    }
    return check_complete(request, seen, fault);
}

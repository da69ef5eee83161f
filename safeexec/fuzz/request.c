/* Fuzzes request_parse: a packet is refused in one line, or the request is what the packet asked for,
 * within the documented bounds, and points nowhere else. The input is the packet. */
#include "harness.h"

#include <stdlib.h>
#include <string.h>

/* As docs/safeexec.md has them: a slip in the parser's own table shall be seen. */
static const struct bound {
    const char *key;
    size_t offset; /* in struct limits */
    uint64_t min, max, otherwise; /* otherwise: if it is not given; 0: it must be */
} bounds[] = {
    {"cpu_ms", offsetof(struct limits, cpu_ms), 1, 3600000, 0},
    {"wall_ms", offsetof(struct limits, wall_ms), 1, 7200000, 0},
    {"memory_kib", offsetof(struct limits, memory_kib), 1024, 1073741824, 0},
    {"stack_kib", offsetof(struct limits, stack_kib), 1, 1073741824, 0},
    {"output_kib", offsetof(struct limits, output_kib), 0, 1073741824, 0},
    {"processes", offsetof(struct limits, processes), 1, 4096, 0},
    {"open_files", offsetof(struct limits, open_files), 3, 65536, 1024},
};
enum { BOUNDS = sizeof bounds / sizeof *bounds };

struct parsed {
    char *packet; /* exactly as large as it is, so that AddressSanitizer sees a step outside */
    size_t size;
    struct request request;
    struct fault fault;
    int result;
};

static void parse(struct parsed *parsed, const uint8_t *data, size_t size)
{
    parsed->packet = malloc(size);
    parsed->size = size;
    parsed->fault = (struct fault){""};
    memset(&parsed->request, 0xa5, sizeof parsed->request); /* what the last request left behind */
    memcpy(parsed->packet, data, size);
    parsed->result = request_parse(&parsed->request, parsed->packet, size, &parsed->fault);
}

/* ---- what was accepted is sound -------------------------------------------------------------------------- */

static uint64_t number_of(const struct limits *limits, const struct bound *bound)
{
    uint64_t number;
    memcpy(&number, (const char *)limits + bound->offset, sizeof number);
    return number;
}

static void limits_check(const struct limits *limits)
{
    for (size_t i = 0; i < BOUNDS; i++) {
        uint64_t number = number_of(limits, &bounds[i]);
        assert(number >= bounds[i].min && number <= bounds[i].max);
    }
    assert(limits->space_kib == 0); /* no client can set it */
}

static void string_check(const struct parsed *parsed, const char *string)
{
    assert(string >= parsed->packet && string < parsed->packet + parsed->size);
    assert(memchr(string, 0, (size_t)(parsed->packet + parsed->size - string)));
}

static void path_check(const char *path)
{
    char copy[1025], *save = NULL;
    size_t length = strlen(path), parts_length = 0;
    assert(length > 0 && length < sizeof copy && path[0] != '/' && path[length - 1] != '/');
    strcpy(copy, path);
    for (char *part = strtok_r(copy, "/", &save); part; part = strtok_r(NULL, "/", &save)) {
        assert(strcmp(part, ".") != 0 && strcmp(part, "..") != 0 && strlen(part) <= 255);
        parts_length += strlen(part) + 1;
    }
    assert(parts_length == length + 1); /* no empty part */
}

static void request_check(const struct parsed *parsed)
{
    const struct request *request = &parsed->request;
    limits_check(&request->limits);
    assert(request->profile == PROFILE_RUN || request->profile == PROFILE_COMPILE);
    assert(request->argc >= 1 && request->argc <= REQUEST_MAX_ARGS && !request->argv[request->argc]);
    assert(request->envc <= REQUEST_MAX_ENV && !request->env[request->envc]);
    assert(request->filec <= REQUEST_MAX_FILES);
    for (size_t i = 0; i < request->argc; i++)
        string_check(parsed, request->argv[i]);
    for (size_t i = 0; i < request->envc; i++)
        string_check(parsed, request->env[i]);
    for (size_t i = 0; i < request->filec; i++) {
        string_check(parsed, request->files[i].path);
        path_check(request->files[i].path);
    }
    assert(request->argv[0][0] == '/' || strncmp(request->argv[0], "./", 2) == 0);
}

/* ---- what was accepted is what was asked --------------------------------------------------------------------- */

struct counts {
    size_t args, envs, files, profiles, numbers[BOUNDS];
};

static void number_check(struct counts *counts, const struct request *request, const char *word, const char *value)
{
    size_t i = 0;
    while (strncmp(word, bounds[i].key, strlen(bounds[i].key)) != 0 || word[strlen(bounds[i].key)] != '=')
        assert(++i < BOUNDS); /* an unknown key was accepted */
    assert(++counts->numbers[i] == 1);
    assert(*value && strspn(value, "0123456789") == strlen(value));
    assert(number_of(&request->limits, &bounds[i]) == strtoull(value, NULL, 10));
}

static void word_check(struct counts *counts, const struct request *request, const char *word)
{
    const char *equals = strchr(word, '=');
    assert(equals);
    const char *value = equals + 1;
    if (strncmp(word, "arg=", 4) == 0) {
        assert(strcmp(request->argv[counts->args++], value) == 0);
    } else if (strncmp(word, "env=", 4) == 0) {
        assert(strcmp(request->env[counts->envs++], value) == 0);
    } else if (strncmp(word, "file=", 5) == 0) {
        const struct request_file *file = &request->files[counts->files++];
        assert(value[1] == ':' && strcmp(file->path, value + 2) == 0);
        assert(file->mode == (value[0] == 'r' ? 0444 : value[0] == 'x' ? 0555 : 0666));
        assert(strchr("rxw", value[0]));
    } else if (strncmp(word, "profile=", 8) == 0) {
        assert(strcmp(value, request->profile == PROFILE_RUN ? "run" : "compile") == 0);
        assert(++counts->profiles == 1);
    } else {
        number_check(counts, request, word, value);
    }
}

static void packet_check(const struct request *request, const char *packet, size_t size)
{
    struct counts counts = {0};
    assert(strcmp(packet, "run") == 0);
    for (const char *word = packet + 4; word < packet + size; word += strlen(word) + 1)
        word_check(&counts, request, word);
    assert(counts.args == request->argc && counts.envs == request->envc && counts.files == request->filec);
    if (counts.profiles == 0)
        assert(request->profile == PROFILE_RUN);
    for (size_t i = 0; i < BOUNDS; i++)
        if (counts.numbers[i] == 0) {
            assert(bounds[i].otherwise);
            assert(number_of(&request->limits, &bounds[i]) == bounds[i].otherwise);
        }
}

/* ---- slot and zygote each parse their copy: both must read the same ------------------------------------------- */

static void same_check(const struct parsed *a, const struct parsed *b)
{
    const struct request *left = &a->request, *right = &b->request;
    assert(a->result == b->result && strcmp(a->fault.text, b->fault.text) == 0);
    assert(memcmp(a->packet, b->packet, a->size) == 0);
    if (a->result < 0)
        return;
    assert(memcmp(&left->limits, &right->limits, sizeof left->limits) == 0 && left->profile == right->profile);
    assert(left->argc == right->argc && left->envc == right->envc && left->filec == right->filec);
    for (size_t i = 0; i < left->argc; i++)
        assert(left->argv[i] - a->packet == right->argv[i] - b->packet);
    for (size_t i = 0; i < left->envc; i++)
        assert(left->env[i] - a->packet == right->env[i] - b->packet);
    for (size_t i = 0; i < left->filec; i++)
        assert(left->files[i].path - a->packet == right->files[i].path - b->packet &&
               left->files[i].mode == right->files[i].mode);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct parsed first, second;
    if (size > REQUEST_MAX_BYTES)
        return 0;
    parse(&first, data, size);
    parse(&second, data, size);
    same_check(&first, &second);
    if (first.result == 0) {
        assert(!first.fault.text[0]);
        request_check(&first);
        packet_check(&first.request, (const char *)data, size);
    } else {
        assert(first.result == -1);
        line_check(first.fault.text);
    }
    free(first.packet);
    free(second.packet);
    return 0;
}

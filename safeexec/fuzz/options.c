/* Fuzzes options_parse: a command line is refused in one message, or what it says lies within the
 * documented bounds. The input is the words after the program's name, each ended by NUL, as in
 * /proc/PID/cmdline. */
#include "harness.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 200 };

struct line {
    int argc;
    char *argv[WORDS_MAX + 2];
};

/* Each word has a block of its own, so that AddressSanitizer sees a step beyond its end. */
static bool line_make(struct line *line, const uint8_t *data, size_t size)
{
    *line = (struct line){.argc = 1, .argv = {strdup("safeexec")}};
    for (const uint8_t *end = data + size; data < end && line->argc <= WORDS_MAX;) {
        size_t length = strnlen((const char *)data, (size_t)(end - data));
        line->argv[line->argc++] = strndup((const char *)data, length);
        data += length + 1;
    }
    return line->argc <= WORDS_MAX;
}

static void line_free(struct line *line)
{
    for (int i = 0; i < line->argc; i++)
        free(line->argv[i]);
}

static bool parse(struct options *options, struct line *line)
{
    death.expected = true;
    death.text[0] = 0;
    bool died = setjmp(death.back) != 0;
    if (!died)
        *options = options_parse(line->argc, line->argv);
    death.expected = false;
    return !died;
}

/* ---- what was accepted is sound ------------------------------------------------------------------------------ */

static bool is_word(const struct line *line, const char *string)
{
    for (int i = 1; i < line->argc; i++)
        if (string == line->argv[i])
            return true;
    return false;
}

/* A path is a word of the command line, or what the manual says if there is none. */
static void path_check(const struct line *line, const char *path, const char *otherwise)
{
    if (path && !is_word(line, path))
        assert(otherwise && strcmp(path, otherwise) == 0);
}

static void numbers_check(const struct options *o)
{
    assert(o->cpu_s <= 86400 && o->clock_s <= 86400 && o->nproc <= 32768 && o->slots <= 256);
    assert(o->mem_kib <= INT_MAX && o->space_kib <= INT_MAX && o->stack_kib <= INT_MAX);
    assert(o->fsize_kib <= INT_MAX && o->core_kib <= INT_MAX);
    assert(o->min_uid <= INT_MAX && o->max_uid <= INT_MAX && o->owner <= INT_MAX);
    assert(o->cpu_count <= CPUS_MAX);
    for (unsigned i = 0; i < o->cpu_count; i++)
        assert(o->cpus[i] < CPUS_MAX);
}

static void levels_check(const struct options *o)
{
    assert(o->require == LEVEL_NONE || level_of_name(level_name(o->require)) == o->require);
    assert(o->at_most != LEVEL_NONE && level_of_name(level_name(o->at_most)) == o->at_most);
}

static void oneshot_check(const struct options *o, const struct line *line)
{
    assert(!o->socket_path && o->command && is_word(line, o->command[0]));
    assert(o->command > line->argv + 1 && o->command < line->argv + line->argc);
    assert(strcmp(o->command[-1], "--exec") == 0);
    assert(o->min_uid > 0 && o->min_uid <= o->max_uid); /* never root */
}

static void serve_check(const struct options *o)
{
    assert(o->socket_path && !o->command);
    assert(o->min_uid > 0 && o->min_uid <= o->max_uid);
    assert(o->slots >= 1 && o->max_uid - o->min_uid >= o->slots - 1); /* a user for each slot */
}

static void options_check(const struct options *o, const struct line *line)
{
    numbers_check(o);
    levels_check(o);
    assert(o->work_dir);
    path_check(line, o->work_dir, "/tmp");
    path_check(line, o->socket_path, NULL);
    path_check(line, o->usage_path, NULL);
    path_check(line, o->error_path, "/dev/null");
    path_check(line, o->chroot_dir, NULL);
    path_check(line, o->run_dir, NULL);
    if (o->face == FACE_ONESHOT)
        oneshot_check(o, line);
    if (o->face == FACE_SERVE)
        serve_check(o);
}

/* ---- and the same each time ----------------------------------------------------------------------------------- */

static void same_check(const struct options *a, const struct options *b)
{
    assert(a->face == b->face && a->slots == b->slots && a->owner == b->owner && a->silent == b->silent);
    assert(a->cpu_s == b->cpu_s && a->clock_s == b->clock_s && a->nproc == b->nproc);
    assert(a->mem_kib == b->mem_kib && a->space_kib == b->space_kib && a->stack_kib == b->stack_kib);
    assert(a->fsize_kib == b->fsize_kib && a->core_kib == b->core_kib);
    assert(a->min_uid == b->min_uid && a->max_uid == b->max_uid);
    assert(a->socket_path == b->socket_path && a->usage_path == b->usage_path);
    assert(a->chroot_dir == b->chroot_dir && a->run_dir == b->run_dir && a->command == b->command);
    assert(a->json == b->json && a->require == b->require && a->at_most == b->at_most);
    assert(a->cpu_count == b->cpu_count && memcmp(a->cpus, b->cpus, a->cpu_count * sizeof *a->cpus) == 0);
}

static void words_check(const struct line *line, const uint8_t *data)
{
    for (int i = 1; i < line->argc; i++) {
        assert(memcmp(line->argv[i], data, strlen(line->argv[i])) == 0);
        data += strlen(line->argv[i]) + 1;
    }
    assert(!line->argv[line->argc]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct line line;
    struct options options, again;
    char said[sizeof death.text];
    if (line_make(&line, data, size)) {
        bool accepted = parse(&options, &line);
        memcpy(said, death.text, sizeof said);
        assert(parse(&again, &line) == accepted && strcmp(said, death.text) == 0);
        words_check(&line, data);
        assert(accepted == !said[0]);
        if (accepted) {
            options_check(&options, &line);
            same_check(&options, &again);
        }
    }
    line_free(&line);
    return 0;
}

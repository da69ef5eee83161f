/* Fuzzes how cgroup_tree.c and group.c read the kernel's files: /proc/PID/mountinfo, into which a container's paths
 * go, and memory.stat and its like. The input is the text of such a file. */
#include "harness.h"

#include "../cgroup_tree.c"

static void inside_check(const char *line, size_t size, const char *field)
{
    assert(field >= line && field < line + size && memchr(field, 0, (size_t)(line + size - field)));
}

/* Each line in a block of its own, as getline(3) gives it: with its newline, if there was one. */
static void mounts_check(const char *text)
{
    for (const char *next; *text; text = next) {
        next = strchrnul(text, '\n');
        next += *next == '\n';
        size_t size = (size_t)(next - text) + 1;
        char *line = strndup(text, size - 1);
        struct mount_entry entry;
        if (mount_parse(line, &entry)) {
            inside_check(line, size, entry.point);
            inside_check(line, size, entry.type);
            inside_check(line, size, entry.options);
            assert(!strpbrk(entry.type, " \n") && !strpbrk(entry.options, " \n"));
        }
        free(line);
    }
}

/* The same by other means, line by line. No claim is made of a key that no number follows: the kernel
 * writes none. */
static void value_check(const char *text, const char *key)
{
    char *copy = strdup(text), *rest = copy, *line;
    uint64_t value = text_value(text, key), expected = 0;
    bool number = true;
    while ((line = strsep(&rest, "\n"))) {
        char *blank = strchr(line, ' ');
        if (!blank || (size_t)(blank - line) != strlen(key) || strncmp(line, key, strlen(key)) != 0)
            continue;
        number = blank[1] >= '0' && blank[1] <= '9';
        expected = strtoull(blank + 1, NULL, 10);
        break;
    }
    assert(!number || value == expected);
    free(copy);
}

static bool contains_by_words(const char *list, const char *word, const char *separators)
{
    char *copy = strdup(list), *save = NULL;
    bool found = false;
    for (char *item = strtok_r(copy, separators, &save); item; item = strtok_r(NULL, separators, &save))
        found |= strcmp(item, word) == 0;
    free(copy);
    return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const keys[] = {"total_cache", "total_shmem", "file", "shmem",
                                       "oom", "oom_kill", "max", "usage_usec"};
    char *text = strndup((const char *)data, size);
    mounts_check(text);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        value_check(text, keys[i]);
    for (size_t i = 0; i < CONTROLLERS; i++) {
        const char *word = v1_controllers[i];
        assert(list_contains(text, word, ",") == contains_by_words(text, word, ","));
        assert(list_contains(text, word, " \n") == contains_by_words(text, word, " \n"));
    }
    free(text);
    return 0;
}

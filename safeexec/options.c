/* The command line: a table of options, one function per kind of value. */
#include "safeexec.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned parse_number(const char *option, const char *text, unsigned max)
{
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end || errno || value > max)
        die("%s: a number from 0 to %u is wanted, not '%s'", option, max, text);
    return (unsigned)value;
}

/* A name or a number. fgetpwent reads the file itself: a static program has no name service. */
static uid_t parse_user(const char *option, const char *text)
{
    if (text[0] >= '0' && text[0] <= '9')
        return parse_number(option, text, INT_MAX);
    FILE *passwd = fopen("/etc/passwd", "re");
    const struct passwd *entry;
    while (passwd && (entry = fgetpwent(passwd)))
        if (strcmp(entry->pw_name, text) == 0) {
            fclose(passwd);
            return entry->pw_uid;
        }
    die("%s: there is no user '%s' in /etc/passwd", option, text);
}

void options_help(FILE *stream)
{
    fputs("safeexec [options] --exec COMMAND [ARGUMENT...]        run one program, report on it\n"
          "safeexec [options] --serve SOCKET                      run programs for the executor\n"
          "safeexec --check [--json]                              tell what this host allows\n"
          "\n"
          "  --cpu S         CPU seconds, of the whole tree (1)\n"
          "  --clock S       wall-clock seconds (10)\n"
          "  --mem KIB       memory in use, of the whole tree (32768)\n"
          "  --space KIB     address space of each process (0: no limit)\n"
          "  --stack KIB     stack (8192)\n"
          "  --fsize KIB     size of each file written (8192)\n"
          "  --core KIB      core dump (0)\n"
          "  --nproc N       processes and threads (0: one, as with 1)\n"
          "  --uids MIN MAX  users to run as; --minuid MIN (5000), --maxuid MAX (65535)\n"
          "  --chroot DIR    run in this root instead of a minimal one\n"
          "  --rundir DIR    the program's current folder (the caller's)\n"
          "  --usage FILE    where the report goes (stderr)\n"
          "  --error FILE    where the program's stderr goes (/dev/null)\n"
          "  --silent        no report on stderr\n"
          "  --slots N       programs that may run at once (1)\n"
          "  --owner USER    who may connect, besides the caller (the caller)\n"
          "  --cpus LIST     pin slot i to the i-th CPU of the list, in turn (0,2-3; no pinning)\n"
          "  --require LEVEL start only if the host allows full, namespaces, user or restricted\n"
          "  --level LEVEL   use no stronger level than this (full)\n"
          "  --work DIR      where boxes lie if nothing can be mounted (/tmp)\n"
          "  --json          --check for programs\n"
          "  --help --version\n"
          "\n"
          "The exit status is 0 whenever the program was run, whatever became of it; 1 for our own errors.\n",
          stream);
}

struct parser {
    struct options *options;
    char **next; /* the words not yet read; ends with NULL */
};

static const char *take_value(struct parser *parser, const char *option)
{
    if (!*parser->next)
        die("%s: a value is missing; see safeexec --help", option);
    return *parser->next++;
}

static bool take_number(struct parser *parser, const char *option)
{
    struct options *o = parser->options;
    const struct {
        const char *name;
        unsigned *target, max;
    } numbers[] = {
        {"--cpu", &o->cpu_s, 86400},         {"--clock", &o->clock_s, 86400},
        {"--mem", &o->mem_kib, INT_MAX},     {"--space", &o->space_kib, INT_MAX},
        {"--stack", &o->stack_kib, INT_MAX}, {"--fsize", &o->fsize_kib, INT_MAX},
        {"--core", &o->core_kib, INT_MAX},   {"--nproc", &o->nproc, 32768},
        {"--minuid", &o->min_uid, INT_MAX},  {"--maxuid", &o->max_uid, INT_MAX},
        {"--slots", &o->slots, 256},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (strcmp(option, numbers[i].name) == 0) {
            *numbers[i].target = parse_number(option, take_value(parser, option), numbers[i].max);
            return true;
        }
    return false;
}

static bool take_path(struct parser *parser, const char *option)
{
    struct options *o = parser->options;
    const struct {
        const char *name, **target;
    } paths[] = {
        {"--usage", &o->usage_path}, {"--error", &o->error_path},  {"--chroot", &o->chroot_dir},
        {"--rundir", &o->run_dir},   {"--serve", &o->socket_path}, {"--work", &o->work_dir},
    };
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (strcmp(option, paths[i].name) == 0) {
            *paths[i].target = take_value(parser, option);
            return true;
        }
    return false;
}

static enum level parse_level(const char *option, const char *text)
{
    enum level level = level_of_name(text);
    if (level == LEVEL_NONE)
        die("%s: full, namespaces, user or restricted is wanted, not '%s'", option, text);
    return level;
}

/* "0,2-3": the CPUs in that order. */
static void parse_cpus(struct options *o, const char *option, const char *text)
{
    o->cpu_count = 0;
    for (const char *next = text;; next++) {
        char *end;
        unsigned long first = strtoul(next, &end, 10), last = first;
        bool sound = *next >= '0' && *next <= '9';
        if (sound && *end == '-') {
            sound = end[1] >= '0' && end[1] <= '9';
            last = strtoul(end + 1, &end, 10);
        }
        if (!sound || (*end && *end != ',') || last < first || last >= CPUS_MAX)
            die("%s: CPUs as in 0,2-3 are wanted, each below %d, not '%s'", option, CPUS_MAX, text);
        for (unsigned long cpu = first; cpu <= last; cpu++) {
            if (o->cpu_count == CPUS_MAX)
                die("%s: more than %d CPUs", option, CPUS_MAX);
            o->cpus[o->cpu_count++] = (unsigned)cpu;
        }
        if (!*end)
            return;
        next = end;
    }
}

/* Returns false when the options end here: --exec takes all that follows. */
static bool take_option(struct parser *parser, const char *option)
{
    struct options *o = parser->options;
    if (strcmp(option, "--exec") == 0) {
        o->command = parser->next;
        return false;
    }
    if (strcmp(option, "--silent") == 0)
        o->silent = true;
    else if (strcmp(option, "--help") == 0)
        o->face = FACE_HELP;
    else if (strcmp(option, "--version") == 0)
        o->face = FACE_VERSION;
    else if (strcmp(option, "--check") == 0)
        o->face = FACE_CHECK;
    else if (strcmp(option, "--json") == 0)
        o->json = true;
    else if (strcmp(option, "--require") == 0)
        o->require = parse_level(option, take_value(parser, option));
    else if (strcmp(option, "--level") == 0)
        o->at_most = parse_level(option, take_value(parser, option));
    else if (strcmp(option, "--cpus") == 0)
        parse_cpus(o, option, take_value(parser, option));
    else if (strcmp(option, "--owner") == 0)
        o->owner = parse_user(option, take_value(parser, option));
    else if (strcmp(option, "--uids") == 0) {
        o->min_uid = parse_number(option, take_value(parser, option), INT_MAX);
        o->max_uid = parse_number(option, take_value(parser, option), INT_MAX);
    } else if (!take_number(parser, option) && !take_path(parser, option))
        die("unknown option '%s'; see safeexec --help", option);
    return true;
}

static void check(struct options *o)
{
    if (o->face != FACE_ONESHOT)
        return;
    if (o->socket_path && o->command)
        die("--serve and --exec exclude each other");
    if (!o->socket_path && (!o->command || !*o->command))
        die("nothing to run: --exec COMMAND or --serve SOCKET is wanted; see safeexec --help");
    if (o->min_uid == 0 || o->min_uid > o->max_uid)
        die("--minuid to --maxuid: %u to %u is no range of ordinary users", o->min_uid, o->max_uid);
    if (!o->socket_path)
        return;
    o->face = FACE_SERVE;
    if (o->slots == 0)
        die("--slots: at least 1 is wanted");
    if (o->max_uid - o->min_uid + 1 < o->slots)
        die("--minuid to --maxuid: each of the %u slots needs a user of its own", o->slots);
}

struct options options_parse(int argc, char **argv)
{
    struct options options = {
        .face = FACE_ONESHOT, .slots = 1,       .cpu_s = 1,         .clock_s = 10,
        .mem_kib = 32768,     .fsize_kib = 8192, .stack_kib = 8192, .min_uid = 5000,
        .max_uid = 65535,     .error_path = "/dev/null", .at_most = LEVEL_FULL, .work_dir = "/tmp",
        .owner = geteuid(),
    };
    struct parser parser = {&options, argv + (argc > 0)};
    while (*parser.next && take_option(&parser, *parser.next++))
        ;
    check(&options);
    return options;
}

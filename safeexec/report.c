/* Facts, in the words of the protocol and in those of the seed's sandbox. */
#include "safeexec.h"

#include <inttypes.h>
#include <string.h>

static const char *const outcome_names[] = {
    [OUTCOME_EXITED] = "exited", [OUTCOME_SIGNALLED] = "signalled", [OUTCOME_CPU] = "cpu",
    [OUTCOME_WALL] = "wall",     [OUTCOME_MEMORY] = "memory",       [OUTCOME_OUTPUT] = "output",
    [OUTCOME_FORBIDDEN] = "forbidden", [OUTCOME_KILLED] = "killed",
};

static const char *const limit_names[] = {
    [LIMIT_NONE] = "none", [LIMIT_CPU] = "cpu", [LIMIT_WALL] = "wall", [LIMIT_MEMORY] = "memory",
    [LIMIT_FILE_SIZE] = "file_size", [LIMIT_TOTAL_SIZE] = "total_size", [LIMIT_INODES] = "inodes",
};

static const char *const memory_event_names[] = {
    [MEMORY_EVENT_NONE] = "none", [MEMORY_EVENT_KILLED] = "killed", [MEMORY_EVENT_REFUSED] = "refused",
    [MEMORY_EVENT_OUTSIDE] = "outside",
};

size_t report_encode(const struct report *report, char *buffer, size_t size)
{
    int length = snprintf(buffer, size,
                          "outcome=%s%cexit_code=%d%csignal=%d%ccpu_us=%" PRIu64 "%cwall_us=%" PRIu64
                          "%cmemory_kib=%" PRIu64 "%climit=%s%ccall=%s%cmemory_event=%s%cforks_refused=%" PRIu64
                          "%cwritten_kib=%" PRIu64 "%cinodes=%" PRIu64 "%cended_ns=%" PRIu64
                          "%cpreemptions=%" PRIu64 "%c",
                          outcome_names[report->outcome], 0, report->exit_code, 0, report->signal, 0,
                          report->cpu_us, 0, report->wall_us, 0, report->memory_kib, 0,
                          limit_names[report->limit], 0, report->call, 0, memory_event_names[report->memory_event], 0,
                          report->forks_refused, 0, report->written_kib, 0, report->inodes, 0, report->ended_ns, 0,
                          report->preemptions, 0);
    return (size_t)length;
}

static void print_status(const struct report *report, FILE *stream)
{
    switch (report->outcome) {
    case OUTCOME_EXITED:
        if (report->exit_code == 0)
            fprintf(stream, "OK\n");
        else
            fprintf(stream, "NZEC(%d)\n", report->exit_code);
        return;
    case OUTCOME_CPU: fprintf(stream, "TLE\n"); return;
    case OUTCOME_WALL: fprintf(stream, "RTLE\n"); return;
    case OUTCOME_MEMORY: fprintf(stream, "MLE\n"); return;
    case OUTCOME_OUTPUT: fprintf(stream, "OLE\n"); return;
    case OUTCOME_FORBIDDEN: fprintf(stream, "Invalid Function\n"); return;
    case OUTCOME_SIGNALLED:
    case OUTCOME_KILLED: {
        const char *name = sigabbrev_np(report->signal);
        fprintf(stream, "Command terminated by signal (%d: SIG%s)\n", report->signal, name ? name : "?");
        return;
    }
    }
}

void report_print_legacy(const struct report *report, FILE *stream)
{
    print_status(report, stream);
    /* The seed's frontend reads these three lines by position, and the first as an integer. */
    fprintf(stream, "ELAPSED_TIME: %" PRIu64 " s\n", report->wall_us / 1000000);
    fprintf(stream, "MEMORY_USED: %" PRIu64 " kB\n", report->memory_kib);
    fprintf(stream, "CPU_TIME: %.3f s\n", (double)report->cpu_us / 1e6);
    fprintf(stream, "OUTCOME: %s\n", outcome_names[report->outcome]);
    fprintf(stream, "EXIT_CODE: %d\n", report->exit_code);
    fprintf(stream, "SIGNAL: %d\n", report->signal);
    fprintf(stream, "WALL_TIME: %.6f s\n", (double)report->wall_us / 1e6);
    fprintf(stream, "LIMIT: %s\n", limit_names[report->limit]);
    if (report->call[0])
        fprintf(stream, "CALL: %s\n", report->call);
    fprintf(stream, "MEMORY_EVENT: %s\n", memory_event_names[report->memory_event]);
    fprintf(stream, "FORKS_REFUSED: %" PRIu64 "\n", report->forks_refused);
    fprintf(stream, "WRITTEN: %" PRIu64 " kB\n", report->written_kib);
    fprintf(stream, "INODES: %" PRIu64 "\n", report->inodes);
    fprintf(stream, "PREEMPTIONS: %" PRIu64 "\n", report->preemptions);
    fprintf(stream, "ISOLATION: %s\n", level_name(report->level));
}

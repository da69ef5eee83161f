#include "safeexec.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void print_line(const char *format, va_list arguments)
{
    char line[400];
    int prefix = snprintf(line, sizeof line, "safeexec: ");
    vsnprintf(line + prefix, sizeof line - (size_t)prefix - 1, format, arguments);
    strcat(line, "\n");
    /* One write, so that the lines of several slots do not mingle. */
    ssize_t ignored = write(STDERR_FILENO, line, strlen(line));
    (void)ignored;
}

void die(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_line(format, arguments);
    va_end(arguments);
    exit(1);
}

void warn(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_line(format, arguments);
    va_end(arguments);
}

int fault_set(struct fault *fault, const char *format, ...)
{
    if (fault->text[0])
        return -1;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(fault->text, sizeof fault->text, format, arguments);
    va_end(arguments);
    /* It may quote a stranger: one line of ASCII is promised. */
    for (char *c = fault->text; *c; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
    return -1;
}

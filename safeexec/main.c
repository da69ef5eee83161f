#include "safeexec.h"

#include <fcntl.h>
#include <unistd.h>

/* Descriptors that we are sent must never land on 0, 1 or 2: those are the program's stdio. */
static void stdio_ensure(void)
{
    int file;
    while ((file = open("/dev/null", O_RDWR)) >= 0 && file <= STDERR_FILENO)
        ;
    if (file < 0)
        die("/dev/null cannot be opened");
    close(file);
}

/* A setuid safeexec would hand every local user a root process that opens files by name. */
static void privilege_check(void)
{
    if (getuid() != geteuid())
        die("safeexec must not be setuid: remove the bit (chmod u-s) and run it by sudo");
}

int main(int argc, char **argv)
{
    const struct options options = options_parse(argc, argv);
    stdio_ensure();
    privilege_check();
    switch (options.face) {
    case FACE_ONESHOT: return oneshot_main(&options);
    case FACE_SERVE: return serve_main(&options);
    case FACE_CHECK: return check_main(&options);
    case FACE_HELP: options_help(stdout); return 0;
    case FACE_VERSION: printf("safeexec %s\n", SAFEEXEC_VERSION); return 0;
    }
    return 1;
}

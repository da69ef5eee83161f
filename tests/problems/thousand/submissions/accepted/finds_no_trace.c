#include <stdio.h>
#include <unistd.h>

/* Right only where nothing is left of the runs before: each leaves files, links and a process. */
int main(void) {
    const char *places[] = {"trace", "/tmp/trace", "/dev/shm/trace"};
    int number, traces = 0;
    scanf("%d", &number);
    for (int i = 0; i < 3; i++)
        traces += access(places[i], F_OK) == 0;
    for (int i = 0; i < 3; i++) {
        FILE *trace = fopen(places[i], "w");
        if (trace)
            fclose(trace);
        symlink("trace", "/tmp/link");
    }
    if (fork() == 0)
        pause();
    printf("%d\n", number * number + traces);
}

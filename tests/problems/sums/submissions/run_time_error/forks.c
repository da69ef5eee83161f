#include <stdio.h>
#include <unistd.h>

/* As many processes as there may be. */
int main(void) {
    while (fork() >= 0) {
    }
    perror("fork");
    return 1;
}

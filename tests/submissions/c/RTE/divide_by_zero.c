/* SIGFPE. */
#include <stdio.h>

int main(int argc, char **argv)
{
    (void)argv;
    volatile int zero = argc - 1;
    printf("%d\n", 1 / zero);
    return 0;
}

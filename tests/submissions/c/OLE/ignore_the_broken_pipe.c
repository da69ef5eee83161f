/* Prints without end and does not mind that nobody reads. */
#include <signal.h>
#include <unistd.h>

int main(void)
{
    static char block[1 << 16];
    signal(SIGPIPE, SIG_IGN);
    for (;;)
        if (write(1, block, sizeof block) == 0)
            return 1;
}

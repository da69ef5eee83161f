/* Waits for ever and computes nothing. */
#include <unistd.h>

int main(void)
{
    for (;;)
        sleep(1000);
}

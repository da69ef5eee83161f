/* Attacks nothing: a program that is pid 1 would survive its own signal and exit in peace.
 * Expect: outcome=signalled signal=11
 */
#include <signal.h>

int main(void)
{
    raise(SIGSEGV);
    return 0;
}

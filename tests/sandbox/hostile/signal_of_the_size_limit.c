/* Attacks: the verdict, by the signal for a file that is too large, where none was written. The kernel
 * sends it in the same way, so a program can call this on itself, and on nobody else.
 * Expect: outcome=signalled|output signal=25
 */
#include <signal.h>

int main(void) { return raise(SIGXFSZ); }

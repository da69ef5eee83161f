/* Attacks: the verdict, by the signal for a file that is too large: none was written.
 * Expect: outcome=signalled signal=25 limit=none
 */
#include <signal.h>

int main(void) { return raise(SIGXFSZ); }

/* Attacks: the verdict, by the signal for too much CPU time: none was used.
 * Expect: outcome=signalled signal=24 limit=none
 */
#include <signal.h>

int main(void) { return raise(SIGXCPU); }

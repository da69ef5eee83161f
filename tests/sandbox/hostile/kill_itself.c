/* Attacks: a supervisor that takes every SIGKILL for a limit of its own.
 * Expect: outcome=signalled signal=9 limit=none
 */
#include <signal.h>

int main(void) { return raise(SIGKILL); }

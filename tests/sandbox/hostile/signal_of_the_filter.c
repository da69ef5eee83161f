/* Attacks: the verdict, by the signal that the filter ends programs with: no call was forbidden.
 * Expect: outcome=signalled signal=31
 * At unnamed: outcome=forbidden
 */
#include <signal.h>

int main(void) { return raise(SIGSYS); }

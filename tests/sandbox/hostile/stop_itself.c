/* Attacks: a supervisor that takes a stopped program for an ended one.
 * Limits: wall_ms=400
 * Expect: outcome=wall limit=wall
 */
#include <signal.h>

int main(void) { return raise(SIGSTOP); }

/* Attacks: other processes, by ptrace.
 * Expect: outcome=forbidden signal=31 call=ptrace
 */
#include <sys/ptrace.h>

int main(void) { return (int)ptrace(PTRACE_TRACEME, 0, 0, 0); }

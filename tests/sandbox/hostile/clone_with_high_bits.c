/* Attacks: a filter that compares 64 bits where the kernel looks at 32: namespace flags with noise above.
 * Expect: outcome=forbidden call=clone
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void) { return (int)syscall(SYS_clone, 0xdead000000000000ul | CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0); }

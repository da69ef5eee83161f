/* Attacks: the kernel, by the capabilities of a user namespace.
 * Expect: outcome=forbidden call=unshare
 */
#define _GNU_SOURCE
#include <sched.h>

int main(void) { return unshare(CLONE_NEWUSER); }

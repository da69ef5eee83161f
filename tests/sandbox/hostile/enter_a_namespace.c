/* Attacks: another namespace, by setns.
 * Expect: outcome=forbidden signal=31 call=setns
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>

int main(void)
{
    return setns(open("/proc/self/ns/net", O_RDONLY), 0);
}

/* Attacks: the host's secrets, by the kernel's log.
 * Expect: outcome=forbidden signal=31 call=syslog
 */
#include <sys/klog.h>

int main(void)
{
    char text[4096];
    return klogctl(3, text, sizeof text) > 0;
}

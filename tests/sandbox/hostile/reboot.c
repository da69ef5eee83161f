/* Attacks: the host, or at least pid 1, by a reboot.
 * Expect: outcome=forbidden signal=31 call=reboot
 */
#include <sys/reboot.h>

int main(void)
{
    return reboot(RB_AUTOBOOT);
}

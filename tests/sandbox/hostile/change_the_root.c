/* Attacks: the file system, by chroot, which makes way out of an older one.
 * Expect: outcome=forbidden signal=31 call=chroot
 */
#include <unistd.h>

int main(void)
{
    return chroot(".");
}

/* Attacks: the file system, by mount.
 * Expect: outcome=forbidden call=mount
 */
#include <sys/mount.h>

int main(void) { return mount("none", "/tmp", "tmpfs", 0, 0); }

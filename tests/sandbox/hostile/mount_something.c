/* Attacks: the file system, by mount.
 * Expect: outcome=forbidden
 */
#include <sys/mount.h>

int main(void) { return mount("none", "/tmp", "tmpfs", 0, 0); }

/* Tries to mount: a forbidden call. */
#include <sys/mount.h>

int main(void) { return mount("none", "/tmp", "tmpfs", 0, 0); }

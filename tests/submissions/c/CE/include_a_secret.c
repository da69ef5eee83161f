/* The compiler sees the toolchain and the source, and no file of the host. */
#include "/etc/shadow"

int main(void) { return 0; }

/* Attacks: a filter that knows only one numbering of calls: getpid by the x32 entry.
 * Expect: outcome=forbidden call=x32:39
 */
#include <unistd.h>

int main(void) { return (int)syscall(0x40000000 + 39); }

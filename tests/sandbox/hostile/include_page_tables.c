/* Attacks: the compiler's memory and time, by #include of a file of /proc that is terabytes long.
 * Limits: cpu_ms=1000 memory_kib=131072
 * Profile: compile
 * Expect: outcome=exited|memory|cpu exit_code=1|0
 */
#include "/proc/self/pagemap"
int main(void) { return 0; }

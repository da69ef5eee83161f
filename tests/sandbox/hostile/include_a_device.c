/* Attacks: the compiler's memory and time, by #include of a file without end.
 * Limits: cpu_ms=1000
 * Profile: compile
 * Expect: outcome=exited exit_code=1
 */
#include "/dev/zero"
int main(void) { return 0; }

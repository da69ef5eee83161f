/* Attacks: the compiler's time, by a file that includes itself, twice.
 * Limits: cpu_ms=500
 * Profile: compile
 * Expect: outcome=cpu|exited exit_code=0|1
 */
#include __FILE__
#include __FILE__
int main(void) { return 0; }

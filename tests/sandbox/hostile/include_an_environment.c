/* Attacks: the supervisor's environment, by #include.
 * Profile: compile
 * Expect: outcome=exited exit_code=1
 */
#include "/proc/1/environ"
int main(void) { return 0; }

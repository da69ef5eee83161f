/* Attacks: files outside, by #include: the compiler shows the lines it stumbles over.
 * Profile: compile
 * Expect: outcome=exited exit_code=1
 */
#include SECRET
int main(void) { return 0; }

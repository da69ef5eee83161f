/* Attacks: files outside, by #include of /etc/shadow.
 * Profile: compile
 * Expect: outcome=exited exit_code=1
 */
#include "/etc/shadow"
int main(void) { return 0; }

/* Attacks: the verdict, by the exit code that shells give to what SIGKILL ended.
 * Expect: outcome=exited exit_code=137 signal=0 limit=none
 */
int main(void) { return 128 + 9; }

/* Attacks: the disk, by a program of a gigabyte.
 * Limits: cpu_ms=2000
 * Profile: compile
 * Expect: outcome=output|exited exit_code=0|1|4
 */
char giant[1 << 30] = {1};
int main(void) { return giant[0]; }

/* Attacks: the assembler's memory and time, by a thousand million instructions. It asks for
 *   4 GB at once, which some machines refuse.
 * Limits: cpu_ms=2000 memory_kib=131072
 * Profile: compile
 * Expect: outcome=memory|cpu|exited exit_code=0|1
 */
__asm__(".rept 1000000000\nnop\n.endr");
int main(void) { return 0; }
